"""Settings, all of them from the environment. The README lists each variable, and a test compares them."""

from datetime import timedelta
from pathlib import Path

from environs import Env, validate

from kb.ops import environment

BASE_DIR = Path(__file__).resolve().parent.parent

# Not eager, so that one start reports every bad variable.
env = Env(eager=False)
env.read_env(str(BASE_DIR / ".env"))

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [], subcast=str.strip)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", [], subcast=str.strip, validate=environment.are_own_hosts)
CSRF_TRUSTED_ORIGINS: list[str] = env.list(
    "CSRF_TRUSTED_ORIGINS", [], subcast=str.strip, validate=environment.are_trusted_origins
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
KB_CORS_ORIGINS: list[str] = env.list("KB_CORS_ORIGINS", [], subcast=str.strip, validate=environment.are_origins)
KB_API_RATE_ANONYMOUS = env.int("KB_API_RATE_ANONYMOUS", 600, validate=validate.Range(min=0))
KB_API_RATE_KNOWN = env.int("KB_API_RATE_KNOWN", 6000, validate=validate.Range(min=0))
KB_PAGE_RATE_ANONYMOUS = env.int("KB_PAGE_RATE_ANONYMOUS", 1200, validate=validate.Range(min=0))
KB_PAGE_RATE_KNOWN = env.int("KB_PAGE_RATE_KNOWN", 600, validate=validate.Range(min=0))
KB_MEANING = env.bool("KB_MEANING", True)
KB_DETECT_RATE = env.int("KB_DETECT_RATE", 20, validate=validate.Range(min=0))
KB_LOGIN_RATE_ADDRESS = env.int("KB_LOGIN_RATE_ADDRESS", 30, validate=validate.Range(min=0))
KB_LOGIN_RATE_SITE = env.int("KB_LOGIN_RATE_SITE", 120, validate=validate.Range(min=0))
KB_API_CACHE_MEGABYTES = env.int("KB_API_CACHE_MEGABYTES", 64, validate=validate.Range(min=0))
REDIS_URL = env.str("REDIS_URL", "", validate=environment.is_redis)
KB_EMBED_ORIGINS: list[str] = env.list("KB_EMBED_ORIGINS", [], subcast=str.strip, validate=environment.are_origins)
KB_SSO = env.bool("KB_SSO", False)
KB_SSO_NAME = env.str("KB_SSO_NAME", "single sign-on")
KB_SSO_ISSUER = env.str("KB_SSO_ISSUER", "", validate=environment.is_issuer)
KB_SSO_CLIENT_ID = env.str("KB_SSO_CLIENT_ID", "")
KB_SSO_CLIENT_SECRET = env.str("KB_SSO_CLIENT_SECRET", "")
KB_METRICS_TOKEN = env.str("KB_METRICS_TOKEN", "", validate=environment.is_token)
KB_METRICS_ADDRESSES: list[str] = env.list(
    "KB_METRICS_ADDRESSES", [], subcast=str.strip, validate=environment.are_networks
)
KB_USAGE_FLUSH_SECONDS = env.int("KB_USAGE_FLUSH_SECONDS", 5, validate=validate.Range(min=0))
KB_INTERNAL_HOSTS: list[str] = env.list("KB_INTERNAL_HOSTS", [], subcast=str.strip, validate=environment.are_hosts)
KB_PUBLIC_EMAILS: list[str] = env.list("KB_PUBLIC_EMAILS", [], subcast=str.strip, validate=environment.are_emails)
KB_VALIDATE_OWN_WORDS = env.bool("KB_VALIDATE_OWN_WORDS", False)
KB_IMPORT_RETIRE_GUARD_PERCENT = env.int("KB_IMPORT_RETIRE_GUARD_PERCENT", 10, validate=validate.Range(0, 100))
KB_IMPORT_RETIRE_GUARD_CODES = env.int("KB_IMPORT_RETIRE_GUARD_CODES", 2, validate=validate.Range(min=0))
KB_UPLOAD_DAYS = env.int("KB_UPLOAD_DAYS", 7, validate=validate.Range(min=1, max=3650))
KB_IMPORT_MAX_BYTES = env.int("KB_IMPORT_MAX_BYTES", 512 * 2**20, validate=validate.Range(min=1))
KB_IMPORT_MAX_ROWS = env.int("KB_IMPORT_MAX_ROWS", 2_000_000, validate=validate.Range(min=1))
KB_IMPORT_MAX_COLUMNS = env.int("KB_IMPORT_MAX_COLUMNS", 100, validate=validate.Range(min=1))
KB_IMPORT_MAX_CELL = env.int("KB_IMPORT_MAX_CELL", 32_000, validate=validate.Range(1, 131_072))
KB_FETCH_HOSTS: list[str] = env.list("KB_FETCH_HOSTS", [], subcast=str.strip, validate=environment.are_hosts)
KB_FETCH_PORTS: list[int] = env.list("KB_FETCH_PORTS", [80, 443], subcast=int, validate=environment.are_ports)
KB_FETCH_NETWORKS: list[str] = env.list("KB_FETCH_NETWORKS", [], subcast=str.strip, validate=environment.are_networks)
KB_FETCH_MAX_BYTES = env.int("KB_FETCH_MAX_BYTES", 32 * 2**20, validate=validate.Range(min=1))
KB_FETCH_SECONDS = env.int("KB_FETCH_SECONDS", 60, validate=validate.Range(1, 600))
KB_NPM_REGISTRY = env.str("KB_NPM_REGISTRY", "", validate=environment.is_registry)
KB_SOURCE_FOLDERS: list[str] = env.list(
    "KB_SOURCE_FOLDERS", [], subcast=str.strip, validate=environment.are_absolute_paths
)

_problems = environment.problems_of(env)
if not DEBUG:
    _problems = environment.missing_in_production(SECRET_KEY, SECRET_KEY_FALLBACKS, ALLOWED_HOSTS) | _problems
environment.refuse(_problems)
if KB_SSO:
    environment.refuse_half_a_login(KB_SSO_ISSUER, KB_SSO_CLIENT_ID, KB_SSO_CLIENT_SECRET)
if DEBUG:
    # This key is public, so it is for DEBUG only.
    SECRET_KEY = SECRET_KEY or "insecure-demo-key-that-is-refused-without-debug"
    ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]", "testserver"]

INSTALLED_APPS = [
    "config.admin.SupportAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
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
    "kb.ops.security_headers.SecurityHeadersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kb.ops.request_ids.RequestIdMiddleware",
    "kb.ops.request_log.ObservingMiddleware",
    "kb.ops.probes.ProbesMiddleware",
    "kb.api.framework.problems.ProblemsMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "kb.ops.replicas.requests.ReplicaMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kb.web.rates.AddressRates",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kb.web.rates.PersonRates",
    "kb.web.access.ReadersOnlyMiddleware",
    "kb.web.read_only.ReadOnlyMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "kb.web.time_zone.ReaderZoneMiddleware",
    "kb.web.errors.ErrorPagesMiddleware",
]

# django-axes blocks password guessing. Its backend must come first.
INSTALLED_APPS.append("axes")
MIDDLEWARE.append("axes.middleware.AxesMiddleware")
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "kb.ops.accounts.AccountBackend",
]
AXES_FAILURE_LIMIT, AXES_COOLOFF_TIME = LOGIN_FAILURES, timedelta(minutes=LOGIN_LOCK_MINUTES)
AXES_LOCKOUT_PARAMETERS = "kb.admin.forms.old_password.lock_by"
# It stores the fields of a failed form, without these.
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "old_password", "new_password1", "new_password2"]
AXES_CLIENT_IP_CALLABLE = "kb.ops.client_address.address"
AXES_LOCKOUT_CALLABLE = "kb.web.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# Store only the data for locking: no list of log-ins, and no pages in the admin.
AXES_DISABLE_ACCESS_LOG, AXES_ENABLE_ADMIN = True, False

if KB_SSO:
    INSTALLED_APPS += ["allauth", "allauth.account", "allauth.socialaccount"]
    INSTALLED_APPS.append("allauth.socialaccount.providers.openid_connect")
    MIDDLEWARE.append("allauth.account.middleware.AccountMiddleware")
    AUTHENTICATION_BACKENDS.append("config.sso.SsoBackend")
    # People log in at the provider only. There is no sign-up and no password reset here.
    SOCIALACCOUNT_ONLY, ACCOUNT_EMAIL_VERIFICATION = True, "none"
    SOCIALACCOUNT_ADAPTER = "config.sso.Adapter"
    _provider = {
        "provider_id": "sso",
        "name": KB_SSO_NAME,
        "client_id": KB_SSO_CLIENT_ID,
        "secret": KB_SSO_CLIENT_SECRET,
    }
    _options = {"settings": {"server_url": KB_SSO_ISSUER, "oauth_pkce_enabled": True}}
    SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [_provider | _options]}}

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
_context_processors = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
    "kb.web.read_only.state",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": _context_processors},
    }
]

# Aliases of the replicas among the databases. Other modules ask `kb.ops.replicas.are_on()`.
REPLICAS = [f"replica{number}" for number in range(1, len(REPLICA_URLS) + 1)]
DATABASES = {
    alias: environment.database(url, DATABASE_POOL, DATABASE_MAX_AGE)
    for alias, url in zip(["default", *REPLICAS], [DATABASE_URL, *REPLICA_URLS], strict=True)
}
DATABASE_ROUTERS = ["kb.ops.replicas.router.Router"] if REPLICAS else []
# Without Redis, each process has its own cache. Data that all processes share is in the database.
if REDIS_URL:
    # If Redis does not answer in this time, the request continues without it.
    _timeouts = {"socket_connect_timeout": 0.25, "socket_timeout": 0.25}
    _redis = "django.core.cache.backends.redis.RedisCache"
    CACHES = {"default": {"BACKEND": _redis, "LOCATION": REDIS_URL, "OPTIONS": _timeouts}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

PASSWORD_HASHERS = ["kb.ops.passwords.LimitedHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "start"

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
FORMAT_MODULE_PATH = ["config.formats"]

STATIC_URL = "static/"
# With DEBUG, static files are served from their source folders.
STATIC_ROOT = None if DEBUG else BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False
_plain_storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
_hashed_storage = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _plain_storage if DEBUG else _hashed_storage},
}

# A note about thousands of codes sends a field for each. A form sends its texts twice: as opened and as edited.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20
FILE_UPLOAD_HANDLERS = [
    "kb.ops.uploads.Guard",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

SESSION_ENGINE = "kb.ops.sessions"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.urls.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
_secure = not DEBUG and not INSECURE_HTTP
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _secure
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _secure
# Silenced, because the owner of the domain decides about the browsers' preload list.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Pages of these origins may call the API with a token, but not with a session.
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOWED_ORIGINS = KB_CORS_ORIGINS
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS", "POST"]
CORS_ALLOW_HEADERS = [
    *("accept", "authorization", "content-type", "if-modified-since", "if-none-match", "x-request-id"),
]
CORS_EXPOSE_HEADERS = [
    *("Content-Disposition", "ETag", "Last-Modified", "Link", "RateLimit", "RateLimit-Policy", "Retry-After"),
    *("X-Request-ID", "X-Sequence", "WWW-Authenticate", "Deprecation", "Sunset"),
]

NONE, SELF = "'none'", "'self'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # Browsers also apply this to redirects after a form.
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
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "kb.api.framework.negotiation.QualityNegotiation",
    "DEFAULT_RENDERER_CLASSES": ["kb.api.framework.json_rows.Renderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "kb.api.framework.errors.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Codebook API",
    "DESCRIPTION": (
        "Read access to return codes, troubleshooting notes and incident links.\n\n"
        "## What you can rely on\n\n"
        "- Within `v1` an answer may get new members, and a choice marked with `x-may-grow` new values: ignore those"
        " that you do not know. Requests may get new optional parameters and members. There may be new addresses and"
        " new kinds of problems.\n"
        "- Nothing else of this description changes: no address, parameter, member or answer goes away or changes its"
        " type, nothing optional becomes required, and no limit gets narrower.\n"
        "- If that has to happen, the old stays beside the new for two releases and at least six months. Its answers"
        " have the headers `Deprecation` and `Sunset`, and the changelog names it first.\n"
        "- Words of texts and messages, the order of members, cursors and ETags are no part of this."
    ),
    "VERSION": "1",
    "LICENSE": {
        "name": "The texts belong to their vendors and to this site.",
        "identifier": "LicenseRef-vendors-and-site",
    },
    "TAGS": [
        {"name": "look-ups", "description": "What a code, a text or words mean: what a ticket needs in one request."},
        {"name": "tables", "description": "Code tables as vendors publish them."},
        {"name": "codes", "description": "Return codes: what each means, and what to do about it."},
        {"name": "notes", "description": "Troubleshooting notes about codes."},
        {"name": "incidents", "description": "Links to incidents in a tracker or on a status page."},
        {"name": "synchronisation", "description": "Everything at one moment, and what changes later, for copies."},
        {"name": "exports", "description": "Tables, or everything, as files."},
    ],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "kb.api.framework.description.complete",
    ],
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["kb.api.framework.access.MayRead"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Several fields share these choices. Without a name here, their name in the schema would be a hash.
    "ENUM_NAME_OVERRIDES": {
        "CodeTruncatedEnum": "kb.answers.build.LISTS",
        "ConfidenceEnum": "kb.api.resources.verdicts.CONFIDENCES",
        "NoteState": "kb.models.notes.NoteState",
        "IncidentState": "kb.models.incidents.IncidentState",
        "DispositionValue": "kb.api.resources.code_serializers.DISPOSITION_CHOICES",
        "ProblemCode": "kb.api.framework.problem_types.TYPES",
        "FixerValue": "kb.api.resources.code_serializers.FIXER_CHOICES",
    },
}

# Without these two settings, the package lets any staff user import and export.
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import_table"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export_table"

_filters = {"discreet": "kb.ops.logs.DiscreetFilter", "request_id": "kb.ops.request_ids.RequestIdFilter"}
_line = {"format": "{asctime} {levelname} {name} {request_id}: {message}", "style": "{"}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {name: {"()": path} for name, path in _filters.items()},
    "formatters": {"line": {"()": "kb.ops.logs.LineFormatter"} | _line, "json": {"()": "kb.ops.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": [*_filters]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers would also write to the terminal, with addresses.
        "django": {"handlers": [], "level": "NOTSET", "propagate": True},
        # With DEBUG, it logs a template's whole context, including names, for each missing variable.
        "django.template": {"level": "INFO"},
        # It logs the name and address of failed log-ins; `codebook.login` logs the failure without them.
        "axes": {"level": "ERROR"},
        # The library logs the start and the end of each request.
        "mcp": {"level": "WARNING"},
    },
}
