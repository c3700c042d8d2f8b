"""Addresses of the API."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from kb.api.framework.docs import DocsView, SchemaView
from kb.api.framework.problem_pages import problem_detail, problem_list
from kb.api.framework.problems import unknown_address
from kb.api.framework.root import RootView
from kb.api.resources.changes import ChangesView
from kb.api.resources.codes import CodeViewSet
from kb.api.resources.detection import DetectView
from kb.api.resources.downloads import SiteExportView, TableExportView
from kb.api.resources.incidents import IncidentViewSet
from kb.api.resources.lookup import LookupView
from kb.api.resources.notes import NoteViewSet
from kb.api.resources.search_results import SearchView
from kb.api.resources.snapshot import ManifestView, SnapshotView
from kb.api.resources.tables import TableViewSet

router = SimpleRouter()
router.register("tables", TableViewSet, "api-table")
router.register("codes", CodeViewSet, "api-code")
router.register("notes", NoteViewSet, "api-note")
router.register("incidents", IncidentViewSet, "api-incident")

urlpatterns = [
    path("", RootView.as_view(), name="api-start"),
    path("v1/", RootView.as_view(), name="api-root"),
    path("v1/", include(router.urls)),
    path("v1/lookup/", LookupView.as_view(), name="api-lookup"),
    path("v1/detect/", DetectView.as_view(), name="api-detect"),
    path("v1/search/", SearchView.as_view(), name="api-search"),
    path("v1/tables/<slug:slug>/export.<str:ending>", TableExportView.as_view(), name="api-export"),
    path("v1/export.<str:ending>", SiteExportView.as_view(), name="api-export-all"),
    path("v1/changes/", ChangesView.as_view(), name="api-changes"),
    path("v1/snapshot/", SnapshotView.as_view(), name="api-snapshot"),
    path("v1/snapshot/manifest/", ManifestView.as_view(), name="api-snapshot-manifest"),
    path("v1/schema/", SchemaView.as_view(), name="api-schema"),
    path("problems/", problem_list, name="api-problems"),
    path("problems/<slug:code>/", problem_detail, name="api-problem"),
    path("docs/", DocsView.as_view(url_name="api-schema"), name="api-docs"),
    # Everything else under /api/ is an error in the API's own shape.
    re_path(r"[\s\S]*", unknown_address),
]
