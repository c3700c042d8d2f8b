"""The app's configuration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class KbConfig(AppConfig):
    """The knowledge base."""

    name = "kb"
    verbose_name = "Knowledge base"

    def ready(self) -> None:
        """After every migrate, restore the roles, SQLite's triggers, the incarnation, the search index and the answers.

        This is the product's only use of a signal: permissions exist only after Django's own receiver of it has run,
        and a flushed database must get its roles again.
        """
        from kb import answers, searching
        from kb.models import incarnations
        from kb.models.guards import restore_triggers
        from kb.services.roles import make_roles

        post_migrate.connect(make_roles, sender=self)
        post_migrate.connect(restore_triggers, sender=self)
        post_migrate.connect(incarnations.prepare, sender=self)
        post_migrate.connect(searching.prepare, sender=self)
        post_migrate.connect(answers.prepare, sender=self)
