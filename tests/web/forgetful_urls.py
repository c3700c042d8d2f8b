"""The site's addresses, and one view without any access decorator."""

from django.http import HttpResponse
from django.urls import path

from config.urls import urlpatterns as site

urlpatterns = [*site, path("forgotten/", lambda request: HttpResponse("secret"))]
