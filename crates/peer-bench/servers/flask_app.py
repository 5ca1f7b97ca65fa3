"""The route for Flask: plain, or protected by Flask-JWT-Extended with its default settings."""

import os
import signal
import sys
import threading

from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)


def end_with_standard_input():
    """So that gunicorn does not outlive what has started it."""
    sys.stdin.read()
    os.kill(os.getppid(), signal.SIGTERM)


threading.Thread(target=end_with_standard_input, daemon=True).start()

if os.environ["PEER_PROTECTION"] == "none":

    @app.get("/protected")
    def protected():
        return jsonify(logged_in_as=os.environ["PEER_SUBJECT"])

else:
    app.config["JWT_ALGORITHM"] = os.environ["PEER_ALGORITHM"]
    app.config["JWT_SECRET_KEY"] = os.environ["PEER_SECRET"]
    app.config["JWT_PUBLIC_KEY"] = os.environ["PEER_PUBLIC_KEY"]
    JWTManager(app)

    @app.get("/protected")
    @jwt_required()
    def protected():
        return jsonify(logged_in_as=get_jwt_identity())
