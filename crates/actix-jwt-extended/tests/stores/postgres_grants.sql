GRANT USAGE ON SCHEMA auth TO app;
GRANT SELECT ON auth.ajx_schema TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON auth.ajx_revocation, auth.ajx_session, auth.ajx_feed TO app;
GRANT SELECT, INSERT, UPDATE ON auth.ajx_head TO app;
