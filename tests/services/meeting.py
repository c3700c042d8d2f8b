"""Two transactions that meet: one holds a row, the other one wants it."""

import threading

from django.db import connection, transaction


def meet(first, second, then=lambda: None):
    """Return what `second` returns or raises, if `first` has written and commits while `second` waits for it.

    `first` does `then` and commits when `second` waits for a lock, or when it has ended without one. On SQLite,
    `second` waits from its first statement on.
    """
    held, asked, ended, raised = threading.Event(), threading.Event(), threading.Event(), []

    def hold():
        try:
            with transaction.atomic():
                first()
                held.set()
                asked.wait(30)
                while not ended.wait(0.005) and not _is_somebody_waiting():
                    pass
                then()
        except Exception as error:
            raised.append(error)
        finally:
            held.set()
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    asked.set()
    try:
        result = second()
    except Exception as error:
        result = error
    ended.set()
    holder.join(30)
    assert raised == []
    return result


def _is_somebody_waiting():
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] > 0
