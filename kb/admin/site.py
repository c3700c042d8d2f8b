"""The admin site."""

from django.contrib import admin


class SupportAdminSite(admin.AdminSite):
    """The admin, titled for support."""

    site_header = "Codebook for support"
    site_title = "Codebook"
    index_title = "Curate the knowledge base"
    site_url = "/"
    enable_nav_sidebar = False
