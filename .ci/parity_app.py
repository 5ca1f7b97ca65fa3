"""The demo's routes, as a user of Flask-JWT-Extended writes them."""

from flask import Flask, jsonify, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_current_user,
    get_jwt,
    get_jwt_header,
    get_jwt_identity,
    get_jwt_request_location,
    jwt_required,
    set_access_cookies,
    set_refresh_cookies,
    unset_jwt_cookies,
)


USERS = {"test": {"username": "test", "full_name": "Test User"}}


def create_app(settings):
    app = Flask(__name__)
    app.config.update(settings)
    # A 500 is an answer like any other here.
    app.logger.disabled = True
    jwt = JWTManager(app)
    blocklist = set()

    @jwt.token_in_blocklist_loader
    def is_revoked(_header, claims):
        return claims["jti"] in blocklist

    @jwt.user_lookup_loader
    def load_user(_header, claims):
        # As in the demo, only one route wants a user of ours.
        return USERS.get(claims[app.config["JWT_IDENTITY_CLAIM"]]) if request.endpoint == "me" else claims

    def log_in(answer):
        if not request.is_json:
            return jsonify(msg="Missing JSON in request"), 400
        username, password = request.json.get("username"), request.json.get("password")
        if not username:
            return jsonify(msg="Missing username parameter"), 400
        if not password:
            return jsonify(msg="Missing password parameter"), 400
        if username != "test" or password != "test":
            return jsonify(msg="Bad username or password"), 401
        return answer(username)

    @app.post("/login")
    def login():
        return log_in(lambda username: jsonify(access_token=create_access_token(username)))

    @app.route("/protected", methods=["GET", "POST"])
    @jwt_required()
    def protected():
        return jsonify(logged_in_as=get_jwt_identity())

    @app.get("/optional")
    @jwt_required(optional=True)
    def optional():
        return jsonify(logged_in_as=get_jwt_identity())

    @app.get("/fresh")
    @jwt_required(fresh=True)
    def fresh():
        return jsonify(logged_in_as=get_jwt_identity())

    @app.post("/auth/login")
    def auth_login():
        return log_in(
            lambda username: jsonify(
                access_token=create_access_token(username, fresh=True), refresh_token=create_refresh_token(username)
            )
        )

    @app.post("/auth/refresh")
    @jwt_required(refresh=True)
    def auth_refresh():
        return jsonify(access_token=create_access_token(get_jwt_identity()))

    @app.delete("/auth/logout")
    @jwt_required(verify_type=False)
    def auth_logout():
        claims = get_jwt()
        if claims["jti"] is None:
            return jsonify(msg="Missing claim: jti"), 422
        blocklist.add(claims["jti"])
        kind = "Refresh" if claims["type"] == "refresh" else "Access"
        return jsonify(msg=f"{kind} token successfully revoked")

    @app.post("/auth/cookies")
    def cookies_login():
        def answer(username):
            response = jsonify(login=True)
            set_access_cookies(response, create_access_token(username, fresh=True))
            set_refresh_cookies(response, create_refresh_token(username))
            return response

        return log_in(answer)

    @app.put("/auth/cookies")
    @jwt_required(refresh=True, locations=["cookies"])
    def cookies_refresh():
        response = jsonify(refresh=True)
        set_access_cookies(response, create_access_token(get_jwt_identity()))
        return response

    @app.delete("/auth/cookies")
    def cookies_logout():
        response = jsonify(logout=True)
        unset_jwt_cookies(response)
        return response

    @app.get("/claims")
    @jwt_required()
    def claims():
        return jsonify(get_jwt())

    @app.get("/header")
    @jwt_required()
    def header():
        return jsonify(get_jwt_header())

    @app.get("/location")
    @jwt_required(optional=True)
    def location():
        return jsonify(location=get_jwt_request_location())

    @app.get("/me")
    @jwt_required()
    def me():
        return jsonify(get_current_user())

    return app
