"""The admin site of the product, in place of Django's default one."""

from django.contrib.admin.apps import AdminConfig


class SupportAdminConfig(AdminConfig):
    """Makes `kb.admin.site.SupportAdminSite` the site that `admin.site` names."""

    default_site = "kb.admin.site.SupportAdminSite"
