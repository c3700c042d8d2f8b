"""The peers of Django: a stock ModelViewSet, and a bare view with keyset and orjson, over the same rows.

Settings, models, views and addresses stand in one module, so that a reader sees everything that is measured.
"""

import dj_database_url
import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from environs import Env

settings.configure(
    SECRET_KEY="bench " * 10,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="bench.api.stock",
    DATABASES={"default": dj_database_url.parse(Env().str("DATABASE_URL"), conn_max_age=60)},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "django_filters"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    USE_TZ=True,
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
        "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
        "PAGE_SIZE": 50,
    },
)

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.db import models
from django.urls import include, path
from rest_framework import routers, serializers, viewsets

TEXTS = ("symbol", "description", "possible_reasons", "suggested_actions")


class Code(models.Model):
    """A row of the product's table."""

    table_id = models.BigIntegerField()
    code = models.CharField(max_length=64)
    sort_key = models.CharField(max_length=2000)
    number = models.BigIntegerField(null=True)
    symbol = models.CharField(max_length=200)
    description = models.TextField()
    possible_reasons = models.TextField()
    suggested_actions = models.TextField()
    disposition = models.CharField(max_length=16)
    fixer = models.CharField(max_length=8)
    position = models.IntegerField()

    class Meta:
        app_label = "stock"
        managed = False
        db_table = "kb_returncode"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.code


class CodeSerializer(serializers.ModelSerializer):
    """As in DRF's tutorial."""

    class Meta:
        model = Code
        fields = ["id", "code", "number", *TEXTS, "disposition", "fixer"]


class CodeViewSet(viewsets.ReadOnlyModelViewSet):
    """As in DRF's tutorial."""

    queryset = Code.objects.all()
    serializer_class = CodeSerializer
    filterset_fields = ["disposition", "fixer"]


def bare(request: HttpRequest) -> HttpResponse:
    """The cheapest list of a table with Django: one query by keyset and its index, no serializer."""
    of_table = Code.objects.filter(table_id=int(request.GET["table"]), sort_key__gte=request.GET["after"])
    rows = of_table.order_by("sort_key", "pk")
    results = list(rows.values("id", "code", "number", *TEXTS, "disposition", "fixer")[:50])
    return HttpResponse(orjson.dumps({"results": results}), content_type="application/json")


router = routers.SimpleRouter()
router.register("codes", CodeViewSet)
urlpatterns = [path("bare/", bare), path("", include(router.urls))]
