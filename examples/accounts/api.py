"""The HTTP interface: `uvicorn examples.accounts.api:app`."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Annotated

import psycopg2
from fastapi import Depends, FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from examples.accounts.accounts import Accounts
from examples.accounts.announcer import Announcer
from examples.accounts.cache import UserCache, connect
from examples.accounts.config import Config
from examples.accounts.database import Database
from examples.accounts.health import Checkup
from examples.accounts.migrate import migrate
from examples.accounts.models import Health, NewUser, Rename, User
from examples.accounts.relay import Relay
from examples.accounts.users import EmailTakenError, NoSuchUserError, ThrowAwayEmailError

_CONNECTIONS = 10


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    logging.basicConfig(format="%(levelname)s:     %(name)s: %(message)s")
    config = Config.read(os.environ)
    migrate(config.database_url)
    with ExitStack() as undo:
        database = Database(config.database_url, name="accounts", size=_CONNECTIONS)
        undo.callback(database.close)
        store = connect(config.redis_url)
        undo.callback(store.close)
        app.state.checkup = Checkup(config.database_url, store, config.kafka_servers, config.topic)
        undo.callback(app.state.checkup.close)
        relay = Relay(
            Database(config.database_url, name="accounts relay", size=1),
            Announcer(config.kafka_servers, config.topic),
        )
        undo.callback(relay.stop)
        relay.start()
        cache = UserCache(store, config.user_cache_ttl)
        app.state.accounts = Accounts(database, cache, relay.wake)
        yield


def _accounts(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts


app = FastAPI(title="Accounts", lifespan=_lifespan)
TheAccounts = Annotated[Accounts, Depends(_accounts)]
# PostgreSQL keeps no NUL in a text.
WantedEmail = Annotated[str, Query(min_length=1, pattern=r"^[^\x00]*$")]
UserId = Annotated[int, Path(gt=0, lt=2**63)]


@app.post("/users", status_code=201)
def sign_up(new: NewUser, accounts: TheAccounts, response: Response) -> User:
    """Signs somebody up."""
    user = accounts.sign_up(new.name, new.email)
    response.headers["Location"] = f"/users/{user.id}"
    return user


@app.get("/users")
def find(email: WantedEmail, accounts: TheAccounts) -> list[User]:
    """Finds the user with an e-mail address: a list of one, or of none."""
    return accounts.find(email)


@app.get("/users/{user_id}")
def read(user_id: UserId, accounts: TheAccounts, response: Response) -> User:
    """Reads a user; the header X-Cache says whether from the cache: `hit` or `miss`."""
    user, cached = accounts.read(user_id)
    response.headers["X-Cache"] = "hit" if cached else "miss"
    return user


@app.patch("/users/{user_id}")
def rename(user_id: UserId, new: Rename, accounts: TheAccounts) -> User:
    """Renames a user."""
    return accounts.rename(user_id, new.name)


@app.delete("/users/{user_id}", status_code=204)
def leave(user_id: UserId, accounts: TheAccounts) -> None:
    """Deletes a user."""
    accounts.leave(user_id)


@app.get("/health")
def health(request: Request, response: Response) -> Health:
    """Says whether all dependencies answer; 503, naming those that do not, otherwise."""
    down = request.app.state.checkup.down()
    response.status_code = 503 if down else 200
    return Health(status="down" if down else "up", down=down)


@app.exception_handler(RequestValidationError)
def _not_valid(_request: Request, error: RequestValidationError) -> Response:
    # Without what was sent: it need not be text that an answer can repeat.
    problems = [
        {"field": str(one["loc"][-1]), "problem": str(one["msg"])} for one in error.errors()
    ]
    return JSONResponse({"detail": problems}, 422)


@app.exception_handler(ThrowAwayEmailError)
def _throw_away(_request: Request, _error: ThrowAwayEmailError) -> Response:
    problem = "it is of a throw-away mail service"
    return JSONResponse({"detail": [{"field": "email", "problem": problem}]}, 422)


@app.exception_handler(EmailTakenError)
def _taken(_request: Request, _error: EmailTakenError) -> Response:
    return JSONResponse({"detail": "the e-mail is taken"}, 409)


@app.exception_handler(NoSuchUserError)
def _missing(_request: Request, _error: NoSuchUserError) -> Response:
    return JSONResponse({"detail": "there is no such user"}, 404)


@app.exception_handler(psycopg2.OperationalError)
def _database_away(_request: Request, _error: psycopg2.OperationalError) -> Response:
    return JSONResponse({"detail": "the database does not answer"}, 503)
