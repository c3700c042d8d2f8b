"""Addresses of the API."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from kb.api import views
from kb.api.errors import unknown_address

router = SimpleRouter()
router.register("tables", views.TableViewSet, "api-table")
router.register("codes", views.CodeViewSet, "api-code")
router.register("notes", views.NoteViewSet, "api-note")
router.register("incidents", views.IncidentViewSet, "api-incident")

urlpatterns = [
    path("v1/", include(router.urls)),
    path("v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    re_path("^(.*)$", unknown_address),
]
