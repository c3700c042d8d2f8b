"""The tables of the search's index, which Django's state does not know, and the synonyms to start with.

The index itself is made after migrating, where it is not that of the codes (see kb/apps.py).
"""

from django.db import migrations

from kb.searching import store

WORDS = [
    "withdraw, recall, revoke, take back, unsend",
    "session, conversation, chat, thread",
    "audit, moderation, moderate, review, censor",
    "kick, remove, kickout, throw out, expel",
    "reject, refuse, not passed, not sent",
    "blacklist, block, ban, blocklist",
    "limit, quota, exceed, too many, maximum, cap, full, at most",
    "frequency, rate, throttle, rate limit, too fast, too often, qps",
    "length, size, long, large, big",
    "does not exist, not found, missing, unknown, no such",
    "already exists, duplicate, taken, repeated, twice",
    "again, repeat, already, twice",
    "same, equal, identical, myself, yourself, oneself",
    "register, sign up, create an account",
    "log in, login, signed in, sign in",
    "log out, logout, signed out, offline",
    "picture, image, photo",
    "avatar, profile picture",
    "do not disturb, silence, dnd, mute",
    "top, pin, pinned",
    "permission, not allowed, forbidden, privilege, rights",
    "group owner, group admin, administrator",
    "edit, modify, change, update",
    "delete, remove, erase",
    "expire, out of date, too old, stale",
    "signature, sign, hmac",
    "friend, contact, buddy",
    "remark, nickname, alias",
    "package, plan, edition, subscription, tier",
    "error, fail, failed, broken",
    "wrong, incorrect, invalid, malformed, bad, format error",
    "query, fetch, retrieve, list, load",
    "database, db",
    "parameter, argument, param",
    "empty, blank, missing, forgot",
    "call, ring, voice call, video call",
    "time out, timeout, timed out",
    "server, backend",
    "attribute, custom field, property",
    "production, live, formal environment",
    "broadcast, send to all, SendMessageToAllUsers",
    "room, channel",
]


def add(apps, schema_editor):
    store.create()
    synonym = apps.get_model("kb", "Synonym")
    synonym.objects.bulk_create(synonym(words=words) for words in WORDS)


def remove(apps, schema_editor):
    store.drop()


class Migration(migrations.Migration):
    dependencies = [("kb", "0020_synonym")]
    operations = [migrations.RunPython(add, remove, elidable=False)]
