"""Settings, every one from the environment. The README's table names each variable; a test holds it to this file."""

from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvValidationError, validate

from kb.ops import environment

BASE_DIR = Path(__file__).resolve().parent.parent

# All variables are read before any complaint, so that one start names every bad one (see `env.seal()`).
env = Env(eager=False)
env.read_env(str(BASE_DIR / ".env"))

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [], subcast=str.strip)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", [], subcast=str.strip, validate=environment.are_own_hosts)
CSRF_TRUSTED_ORIGINS: list[str] = env.list(
    "CSRF_TRUSTED_ORIGINS", [], subcast=str.strip, validate=environment.are_trusted
)
DATABASE_URL = env.str("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}", validate=environment.is_database)
DATABASE_POOL = env.int("DATABASE_POOL", 0, validate=validate.Range(min=0))
REPLICA_URLS: list[str] = env.list("REPLICA_URLS", [], subcast=str.strip, validate=environment.are_postgres)
DATABASE_MAX_AGE = env.int("DATABASE_MAX_AGE", 60, validate=validate.Range(min=0))
BEHIND_TLS_PROXY = env.bool("BEHIND_TLS_PROXY", False)
INSECURE_HTTP = env.bool("INSECURE_HTTP", False)
LOG_LEVEL = env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]))
LOG_FORMAT = env.str("LOG_FORMAT", "line", validate=validate.OneOf(["line", "json"]))
PROXY_COUNT = env.int("PROXY_COUNT", 1 if BEHIND_TLS_PROXY else 0, validate=validate.Range(min=0))
LOGIN_FAILURES = env.int("LOGIN_FAILURES", 5, validate=validate.Range(min=1))
LOGIN_LOCK_MINUTES = env.int("LOGIN_LOCK_MINUTES", 15, validate=validate.Range(min=1))
PROMETHEUS_MULTIPROC_DIR = env.str("PROMETHEUS_MULTIPROC_DIR", "", validate=environment.is_folder)
TIME_ZONE = env.str("TIME_ZONE", "UTC", validate=environment.is_zone)
KB_PUBLIC_READ = env.bool("KB_PUBLIC_READ", False)
KB_CORS_ORIGINS: list[str] = env.list("KB_CORS_ORIGINS", [], subcast=str.strip, validate=environment.is_origins)
KB_API_RATE_ANONYMOUS = env.int("KB_API_RATE_ANONYMOUS", 600, validate=validate.Range(min=0))
KB_API_RATE_KNOWN = env.int("KB_API_RATE_KNOWN", 6000, validate=validate.Range(min=0))
KB_API_CACHE_MEGABYTES = env.int("KB_API_CACHE_MEGABYTES", 64, validate=validate.Range(min=0))
REDIS_URL = env.str("REDIS_URL", "", validate=environment.is_redis)
KB_EMBED_ORIGINS: list[str] = env.list("KB_EMBED_ORIGINS", [], subcast=str.strip, validate=environment.is_origins)
KB_SSO = env.bool("KB_SSO", False)
KB_SSO_NAME = env.str("KB_SSO_NAME", "single sign-on")
KB_SSO_ISSUER = env.str("KB_SSO_ISSUER", "", validate=environment.is_issuer)
KB_SSO_CLIENT_ID = env.str("KB_SSO_CLIENT_ID", "")
KB_SSO_CLIENT_SECRET = env.str("KB_SSO_CLIENT_SECRET", "")
KB_METRICS_TOKEN = env.str("KB_METRICS_TOKEN", "", validate=environment.is_token)
KB_METRICS_ADDRESSES: list[str] = env.list(
    "KB_METRICS_ADDRESSES", [], subcast=str.strip, validate=environment.is_networks
)
KB_USAGE_FLUSH_SECONDS = env.int("KB_USAGE_FLUSH_SECONDS", 5, validate=validate.Range(min=0))
KB_INTERNAL_HOSTS: list[str] = env.list("KB_INTERNAL_HOSTS", [], subcast=str.strip, validate=environment.is_hosts)
KB_PUBLIC_EMAILS: list[str] = env.list("KB_PUBLIC_EMAILS", [], subcast=str.strip, validate=environment.is_emails)
KB_VALIDATE_OWN_WORDS = env.bool("KB_VALIDATE_OWN_WORDS", False)
KB_IMPORT_RETIRE_GUARD_PERCENT = env.int("KB_IMPORT_RETIRE_GUARD_PERCENT", 10, validate=validate.Range(0, 100))
KB_IMPORT_RETIRE_GUARD_CODES = env.int("KB_IMPORT_RETIRE_GUARD_CODES", 20, validate=validate.Range(min=0))
KB_IMPORT_MAX_BYTES = env.int("KB_IMPORT_MAX_BYTES", 512 * 2**20, validate=validate.Range(min=1))
KB_IMPORT_MAX_ROWS = env.int("KB_IMPORT_MAX_ROWS", 2_000_000, validate=validate.Range(min=1))
KB_IMPORT_MAX_COLUMNS = env.int("KB_IMPORT_MAX_COLUMNS", 100, validate=validate.Range(min=1))
KB_IMPORT_MAX_CELL = env.int("KB_IMPORT_MAX_CELL", 32_000, validate=validate.Range(1, 131_072))

_wrong: dict[str, str] = {}
try:
    env.seal()
except EnvValidationError as error:
    _messages: Any = error.error_messages
    _wrong = {name: " ".join(said) for name, said in _messages.items()}
if not DEBUG:
    _wrong = environment.missing_in_production(SECRET_KEY, SECRET_KEY_FALLBACKS, ALLOWED_HOSTS) | _wrong
if _wrong:
    raise ImproperlyConfigured(
        "\n  ".join(["Refusing to start:", *(f"{name}: {said}" for name, said in _wrong.items())])
    )

if DEBUG:
    # Known to everybody, which is why it works with DEBUG alone.
    SECRET_KEY = SECRET_KEY or "insecure-demo-key-that-is-refused-without-debug"
    ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]", "testserver"]

if KB_SSO:
    missing = [name for name in ("KB_SSO_ISSUER", "KB_SSO_CLIENT_ID", "KB_SSO_CLIENT_SECRET") if not globals()[name]]
    if missing:
        raise ImproperlyConfigured(f"KB_SSO is on, and these are not set: {', '.join(missing)}")
    if not find_spec("allauth"):
        raise ImproperlyConfigured("KB_SSO is on, and the extra `sso` is not installed.")

INSTALLED_APPS = [
    "config.admin.SupportAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "django_filters",
    "django_htmx",
    "import_export",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "simple_history",
    "kb.apps.KbConfig",
]

MIDDLEWARE = [
    "kb.ops.request_ids.RequestIdMiddleware",
    "kb.ops.request_log.ObservingMiddleware",
    "kb.ops.probes.ProbesMiddleware",
    "kb.api.framework.problems.ProblemsMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    *(["kb.ops.replicas.requests.ReplicaMiddleware"] if REPLICA_URLS else []),
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kb.web.access.ReadersOnlyMiddleware",
    *(["kb.web.read_only.ReadOnlyMiddleware"] if REPLICA_URLS else []),
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kb.web.time_zone.ReaderZoneMiddleware",
    "kb.web.errors.ErrorPagesMiddleware",
]

# What keeps people from guessing passwords: an app, the layer that answers instead, and the backend asked first.
_guard_app, _guard_layer, _guard = "axes", "axes.middleware.AxesMiddleware", "axes.backends.AxesStandaloneBackend"
INSTALLED_APPS.append(_guard_app)
MIDDLEWARE.append(_guard_layer)
AUTHENTICATION_BACKENDS = [_guard, "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT, AXES_COOLOFF_TIME = LOGIN_FAILURES, timedelta(minutes=LOGIN_LOCK_MINUTES)
# By both: an address alone would lock out an office, a name alone would let anybody lock out anybody.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "kb.ops.client_address.address"
AXES_LOCKOUT_CALLABLE = "kb.web.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# Kept is what locking needs and no more: no list of who logged in, and no pages of its own.
AXES_DISABLE_ACCESS_LOG, AXES_ENABLE_ADMIN = True, False

if KB_SSO:
    INSTALLED_APPS += ["allauth", "allauth.account", "allauth.socialaccount"]
    INSTALLED_APPS.append("allauth.socialaccount.providers.openid_connect")
    MIDDLEWARE.append("allauth.account.middleware.AccountMiddleware")
    AUTHENTICATION_BACKENDS.append("allauth.account.auth_backends.AuthenticationBackend")
    # No way to sign up, to reset a password or to log in but the other side's.
    SOCIALACCOUNT_ONLY, ACCOUNT_EMAIL_VERIFICATION = True, "none"
    SOCIALACCOUNT_ADAPTER = "config.sso.Adapter"
    _door: dict[str, object] = {
        "provider_id": "sso",
        "name": KB_SSO_NAME,
        "client_id": KB_SSO_CLIENT_ID,
        "secret": KB_SSO_CLIENT_SECRET,
    }
    _door["settings"] = {"server_url": KB_SSO_ISSUER, "oauth_pkce_enabled": True}
    SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [_door]}}

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kb.web.read_only.state",
            ],
        },
    }
]


def _database(url: str) -> dict[str, Any]:
    # A pool keeps connections itself: Django must not.
    found: dict[str, Any] = dict(
        dj_database_url.parse(url, conn_max_age=0 if DATABASE_POOL else DATABASE_MAX_AGE, conn_health_checks=True)
    )
    if found["ENGINE"] == "django.db.backends.postgresql":
        # A host that does not answer is given up before the person at the other end gives up.
        # PostgreSQL compiles for a second and more what then runs for 50 ms over 100,000 codes. A pooler that refuses
        # the option takes `?options=` at the end of DATABASE_URL.
        found["OPTIONS"] = {"connect_timeout": 2, "options": "-c jit=off"} | found.get("OPTIONS", {})
        if DATABASE_POOL:
            found["OPTIONS"]["pool"] = {"min_size": 1, "max_size": DATABASE_POOL, "timeout": 2, "reconnect_timeout": 5}
    else:
        # IMMEDIATE: a transaction that reads first and writes later would otherwise fail at once with "database is
        # locked" when somebody else wrote in between, without waiting for the timeout.
        found["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
        }
    return found


# Names of the replicas among the databases.
REPLICAS = [f"replica{number}" for number in range(1, len(REPLICA_URLS) + 1)]
DATABASES = {"default": _database(DATABASE_URL)}
DATABASES |= {name: _database(url) for name, url in zip(REPLICAS, REPLICA_URLS, strict=True)}
if REPLICAS:
    DATABASE_ROUTERS = ["kb.ops.replicas.router.Router"]
# Without Redis each process has a cache of its own; what all must share is in the database.
if REDIS_URL:
    # Who asks waits no longer than this for a Redis that does not answer, and is then served without it.
    _patience = {"socket_connect_timeout": 0.25, "socket_timeout": 0.25}
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": _patience,
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "start"
LOGOUT_REDIRECT_URL = "start"

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
FORMAT_MODULE_PATH = ["config.formats"]

STATIC_URL = "static/"
# With DEBUG, files are served from where they are.
STATIC_ROOT = None if DEBUG else BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# A note about thousands of codes sends a field for each, and a form carries its texts twice: as typed and as opened.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20
FILE_UPLOAD_HANDLERS = [
    "kb.ops.uploads.Guard",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.csrf.failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
_secure = not DEBUG and not INSECURE_HTTP
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _secure
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _secure
# Being on the browsers' preload list is for the owner of the domain to decide.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Pages of these origins may ask the API, with a token and never with a session.
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOWED_ORIGINS = KB_CORS_ORIGINS
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS", "POST"]
CORS_EXPOSE_HEADERS = ["ETag", "Last-Modified", "Retry-After", "X-Request-ID"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # Browsers hold the way that a form leads on to, too.
        "form-action": [SELF, *([environment.origin_of(KB_SSO_ISSUER)] if KB_SSO else [])],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "kb.api.framework.authentication.TokenAuthentication",
        "kb.api.framework.authentication.Session",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["kb.api.framework.access.MayRead"],
    "DEFAULT_THROTTLE_CLASSES": ["kb.api.framework.throttle.CallerThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["kb.api.framework.row_cache.Renderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "kb.api.framework.errors.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Codebook API",
    "DESCRIPTION": "Read access to return codes, troubleshooting notes and incident links.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["kb.api.framework.access.MayRead"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Names that several things share: without names of their own they get hashes.
    "ENUM_NAME_OVERRIDES": {
        "NoteState": "kb.models.notes.NoteState",
        "IncidentState": "kb.models.incidents.IncidentState",
        "DispositionValue": "kb.api.resources.verdicts.DISPOSITION_CHOICES",
        "FixerValue": "kb.api.resources.verdicts.FIXER_CHOICES",
    },
}

# Without these two, any staff user may import and export: the package's default.
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import_table"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export_table"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "discreet": {"()": "kb.ops.logs.DiscreetFilter"},
        "request_id": {"()": "kb.ops.request_ids.RequestIdFilter"},
    },
    "formatters": {
        "line": {
            "()": "kb.ops.logs.LineFormatter",
            "format": "{asctime} {levelname} {name} {request_id}: {message}",
            "style": "{",
        },
        "json": {"()": "kb.ops.logs.JsonLines"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["discreet", "request_id"],
        },
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Its own handlers would write to the terminal besides, with addresses.
        "django": {"handlers": [], "level": "NOTSET", "propagate": True},
        # With DEBUG, tells all that a page knows, names of people too, for each name that the page does not know.
        "django.template": {"level": "INFO"},
        # Names who failed to log in, and from where; `codebook.login` says it without.
        "axes": {"level": "ERROR"},
        # The library tells of each request that it starts and stops.
        "mcp": {"level": "WARNING"},
    },
}
