-- Creates the role and the database of the application, as the superuser `postgres`:
--   POSTGRES_PASSWORD=... psql --username postgres --file deploy/database.sql
-- compose.yaml runs it when the volume is empty. The role is no superuser and owns this database alone. The extension
-- pg_trgm is trusted: the owner of a database may create it. CREATEDB is for the trial restore of `manage.py backup`.
\set ON_ERROR_STOP on
\getenv password POSTGRES_PASSWORD
CREATE ROLE codebook LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE codebook OWNER codebook TEMPLATE template0 ENCODING 'UTF8';
REVOKE CONNECT, TEMPORARY ON DATABASE codebook FROM PUBLIC;
-- An image starts with the same password for the superuser. Without one, it logs in on the local socket alone.
ALTER ROLE postgres PASSWORD NULL;
