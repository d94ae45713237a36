"""One test deployment from first to last. Nothing here prints, and nothing is left behind however it ends."""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from amlcheck.deployment.asking import Address, ask
from amlcheck.deployment.assembling import Assembly, archive, assemble
from amlcheck.deployment.container import NotStartedError, ScoringContainer
from amlcheck.deployment.expectation import Expectation
from amlcheck.deployment.load import measure
from amlcheck.deployment.model import (
    Deployment,
    Ending,
    Exchange,
    Failure,
    Load,
    Outcome,
    Request,
    Stage,
    StageTime,
)
from amlcheck.deployment.options import PROBE_SECONDS, DeployOptions, Route
from amlcheck.deployment.payload import SAMPLE, SAMPLE_ANSWER, bad_requests, from_swagger
from amlcheck.deployment.redaction import Redaction
from amlcheck.errors import AmlcheckError
from amlcheck.image import ownership
from amlcheck.image.config import ImageConfig
from amlcheck.image.engine import Engine, NoEngineError, Uninterrupted
from amlcheck.records import dataclass, field, replace
from amlcheck.serving import covers

if TYPE_CHECKING:
    from amlcheck.deployment.failures import Observation

PULLING, CREATING, STARTING = "pulling the image", "creating the container", "starting the container"
"""What `told` hears before the engine gets the image, makes a container and runs the image's first program."""
POLL_SECONDS = 0.02
"""Between two questions to a server that refuses: what is asked of it costs a millisecond."""
STEADY_SECONDS = 5.0
"""A liveness route that has answered 4xx for so long will go on to."""
STEADY_STATUSES = range(400, 500)
WORKER_DEATHS = 3
"""Workers that died before the server was live, after which it is known that the next one will too."""
DEATH_SECONDS = 0.3
"""After a connection that broke off, until which most containers that are ending have ended."""
DYING_SECONDS = 5.0
"""The same, for one that does not answer any more either."""
LOG_SECONDS = 2.0
"""For the last words of a container that has ended to arrive."""
_IN_START = ("executable file not found", "no such file or directory")

Told = Callable[[str], None]


def deploy(
    name: str,
    options: DeployOptions | None = None,
    engine: Engine | None = None,
    told: Told = lambda text: None,
) -> Deployment:
    """Deploys an image and asks it for a score. `told` hears each stage, for progress.

    Raises AmlcheckError where it cannot even be tried: no engine, no such image, options that do not go together.
    """
    options = options if options is not None else DeployOptions()
    options.check()
    own = engine is None
    connected = engine if engine is not None else _connected()
    try:
        return _Run(connected, name, options, told).run()
    finally:
        if own:
            connected.close()


def _connected() -> Engine:
    """The engine. Raises AmlcheckError: without one nothing is run, wherever the image is."""
    try:
        return Engine.connect()
    except NoEngineError as error:
        raise AmlcheckError(error.why) from None


class _FailedError(Exception):
    """A stage was not reached; carries the failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.kind)
        self.failure = failure


@dataclass
class _Run:
    engine: Engine
    image: str
    options: DeployOptions
    told: Told
    begun: float = field(default_factory=time.monotonic)
    stages: list[StageTime] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    server: str = ""
    load: Load | None = None
    ending: Ending | None = None
    kept: Mapping[str, str] = field(default_factory=dict)
    live: Address | None = None
    """Where the liveness route answered."""
    redact: Redaction = field(default_factory=Redaction)
    sweeping: Uninterrupted = field(init=False)
    """What a dead run left goes while this one's server boots; where it cannot, the next one tries again."""

    def run(self) -> Deployment:
        if not self.engine.is_local:
            raise AmlcheckError(
                f"the engine at {self.engine.address} is on another machine, whose loopback cannot be reached from here;"
                " run amlcheck score there"
            )
        self.told("looking for the image")
        pull = self.options.pull
        config, digest = self.engine.provided_config(
            self.image, pull, self.options.platform, lambda: self.told(PULLING)
        )
        assembly = assemble(config, self.options)
        self.notes += assembly.notes
        self.redact = Redaction({**config.env, **self.options.environment})
        self.sweeping = Uninterrupted(lambda: self.engine.sweep_once())
        try:
            failure = self._deploy(digest or self.image, config, assembly)
        except AmlcheckError:
            self.sweeping.begin()
            raise
        else:
            self.sweeping.begin()
        finally:
            self.sweeping.finish()
        return Deployment(
            image=self.image,
            mode=assembly.mode,
            why_mode=assembly.why,
            stages=tuple(self.stages),
            exchanges=tuple(self.exchanges),
            failure=failure,
            load=self.load,
            server=self.server,
            ending=self.ending,
            kept=self.kept,
            notes=tuple(self.notes),
            digest=digest,
        )

    def _deploy(self, image: str, config: ImageConfig, assembly: Assembly) -> Failure | None:
        container = self._started(image, assembly)
        if isinstance(container, Failure):
            return container
        try:
            failure = None
            try:
                self._serve(container, config, assembly)
            except _FailedError as error:
                failure = error.failure
            self._finish(container, assembly, failure)
        except BaseException:
            ownership.give_up(container.close)
            raise
        container.close()
        return failure

    def _started(self, image: str, assembly: Assembly) -> ScoringContainer | Failure:
        """The container, started; where the image has not the first program, another one is tried."""
        tries = [assembly, *(replace(assembly, entrypoint=words) for words in assembly.second_try)]
        first = ""
        for number, one in enumerate(tries):
            self.told(CREATING)
            container = ScoringContainer(self.engine, image, one, self.options)
            try:
                container.put(archive(one))
                if not number:
                    self._reached(Stage.CREATED)
                self.told(STARTING)
                container.start()
            except NotStartedError as error:
                container.close()
                told = self.redact(str(error))
                first = first or told
                if number + 1 < len(tries) and any(words in told for words in _IN_START):
                    continue
                return _classified(self._observation(Stage.STARTED, one, start_error=first))
            except BaseException:
                ownership.give_up(container.close)
                raise
            if number:
                self.notes.append(f"the image has no azmlinfsrv: {' '.join(one.entrypoint[:2])} was started instead")
            self._reached(Stage.STARTED)
            self.sweeping.begin()
            return container
        raise AssertionError("unreachable")

    # --- the stages ------------------------------------------------------------------------------------------------

    def _serve(self, container: ScoringContainer, config: ImageConfig, assembly: Assembly) -> None:
        """Every stage from live to survived. Raises _FailedError."""
        if not container.isolated and not self.options.network:
            self.notes.append(
                "this engine makes no network without a way out: the container could reach other machines"
            )
        self._before_live(container, config, assembly)
        routes = assembly.routes
        self.told("waiting until it is live")
        address = self._wait(container, assembly, Stage.LIVE, routes.liveness)
        if routes.readiness != routes.liveness:
            self.told("waiting until it is ready")
            self._wait(container, assembly, Stage.READY, routes.readiness)
        else:
            self._once(container, assembly, Stage.READY, address, routes.readiness)
        scoring = address if routes.scoring.port == routes.liveness.port else self._address(container, routes.scoring)
        self.told("scoring")
        good = self._score(container, assembly, scoring)
        if self.options.bad_requests:
            self.told("sending bad requests")
            self._survive(container, assembly, scoring, good)

    def _before_live(self, container: ScoringContainer, config: ImageConfig, assembly: Assembly) -> None:
        """What can be known without waiting."""
        port = assembly.routes.scoring.port
        if assembly.exposed_only and not any(covers(text, port) for text in config.ports):
            exposed = "port " + ", ".join(config.ports) if config.ports else "none"
            raise self._failed(container, assembly, Stage.LIVE, values={"exposed": exposed})
        if assembly.mode == "v2-local" and not container.services():
            raise self._failed(container, assembly, Stage.LIVE, more_log="amlcheck: /var/runit has no service\n")

    def _wait(self, container: ScoringContainer, assembly: Assembly, stage: Stage, route: Route) -> Address:
        """Until a route answers 200; where it was asked. Raises _FailedError as soon as it is known that it will not."""
        waiting = _Waiting(container, container.addresses(route.port), route, self._deadline())
        exchange, address, why = waiting.run()
        if why == "live":
            assert exchange is not None
            assert exchange.answer is not None
            self.server = exchange.answer.headers.get("x-ms-server-version", "")[:100] or self.server
            self._reached(stage)
            self.live = self.live or address
            return address
        raise self._failed(container, assembly, stage, exchange, route=route, late=why == "late")

    def _once(
        self, container: ScoringContainer, assembly: Assembly, stage: Stage, address: Address, route: Route
    ) -> None:
        exchange = ask(address, Request(method="GET", path=route.path, content_type=""), self._left(PROBE_SECONDS))
        if exchange.answer is None or exchange.answer.status != 200:
            raise self._failed(container, assembly, stage, exchange, route=route)
        self._reached(stage)

    def _score(self, container: ScoringContainer, assembly: Assembly, address: Address) -> list[_Asked]:
        """The good requests and their expectations, all answered. Raises _FailedError."""
        asked = self._asked(assembly, address)
        for one in asked:
            exchange = self._ask_one(address, assembly, one)
            self.exchanges.append(exchange)
            if exchange.differences or exchange.answer is None:
                raise self._failed(container, assembly, Stage.SCORED, exchange, route=assembly.routes.scoring)
        if self.options.load_requests:
            self.told(f"sending {self.options.load_requests} requests")
            self._measure(container, assembly, address, asked)
        self._reached(Stage.SCORED)
        return asked

    def _asked(self, assembly: Assembly, address: Address) -> list[_Asked]:
        """What is asked: the user's requests, or swagger's example, or the sample request."""
        options = self.options
        expectations = options.expectations
        requests = options.requests
        if not requests:
            request = SAMPLE
            if assembly.built_in:
                expectations = expectations or (SAMPLE_ANSWER,)
            else:
                request = self._swagger(assembly, address) or SAMPLE
            requests = (request,)
        if not expectations:
            expectations = (Expectation(text="status 200"),)
        if len(expectations) == 1:
            expectations *= len(requests)
        return [_Asked(request, expected) for request, expected in zip(requests, expectations, strict=True)]

    def _swagger(self, assembly: Assembly, address: Address) -> Request | None:
        request = Request(method="GET", path="/swagger.json", content_type="")
        exchange = ask(address, request, self._left(self.options.request_timeout))
        return from_swagger(exchange.answer, assembly.routes.scoring.path) if exchange.answer is not None else None

    def _ask_one(self, address: Address, assembly: Assembly, one: _Asked) -> Exchange:
        request = replace(one.request, path=one.request.path or assembly.routes.scoring.path)
        exchange = ask(address, request, self._left(self.options.request_timeout))
        differences: tuple[str, ...] = ()
        if exchange.answer is not None:
            differences = tuple(self.redact(line) for line in one.expected.differences(exchange.answer))
            exchange = replace(exchange, answer=replace(exchange.answer, body=self._clean(exchange.answer.body)))
        return replace(exchange, expected=one.expected.text, differences=differences)

    def _clean(self, body: bytes) -> bytes:
        """A body as reports may show it; large ones are cut, since nothing looks at them any more."""
        return self.redact(body[: 64 << 10].decode("utf-8", "replace")).encode()

    def _measure(self, container: ScoringContainer, assembly: Assembly, address: Address, asked: list[_Asked]) -> None:
        options, path = self.options, assembly.routes.scoring.path
        requests = [replace(one.request, path=one.request.path or path) for one in asked]
        statuses = [one.expected.status for one in asked]
        self.load = measure(
            address, requests, statuses, options.load_requests, options.concurrency, options.request_timeout,
            container.ended.is_set,
        )  # fmt: skip
        values = {"latency": f"{self.load.p95:.1f}", "max_latency": f"{options.max_latency_ms:g}"}
        if container.ended.is_set() or self.load.failed == self.load.requests:
            raise self._failed(container, assembly, Stage.SCORED, self.load_failure(address, requests[0]))
        if self.load.failed:
            self.notes.append(f"{self.load.failed} of {self.load.requests} requests were not answered as the first was")
        if options.max_latency_ms and self.load.p95 > options.max_latency_ms:
            raise self._failed(container, assembly, Stage.SCORED, slow=True, values=values)

    def load_failure(self, address: Address, request: Request) -> Exchange:
        """One more question, to say what is wrong with all of them."""
        return ask(address, request, self._left(self.options.request_timeout))

    def _survive(self, container: ScoringContainer, assembly: Assembly, address: Address, good: list[_Asked]) -> None:
        scoring = assembly.routes.scoring
        sent: list[str] = []
        for request in bad_requests(good[0].request):
            sent.append(request.name)
            exchange = ask(
                address, replace(request, path=request.path or scoring.path), self._left(self.options.request_timeout)
            )
            self.exchanges.append(self._cut(exchange))
            if exchange.outcome in (Outcome.CLOSED, Outcome.REFUSED):
                self._wait_for_the_end(container, assembly)
            if container.ended.is_set():
                values = {"bad_request": ", then ".join(sent)}
                raise self._failed(container, assembly, Stage.SURVIVED, exchange, values=values)
        for one in good:
            exchange = self._ask_one(address, assembly, one)
            self.exchanges.append(exchange)
            if exchange.answer is None or exchange.differences:
                values = {"bad_request": ", ".join(sent)}
                raise self._failed(container, assembly, Stage.SURVIVED, exchange, route=scoring, values=values)
        self._reached(Stage.SURVIVED)

    def _cut(self, exchange: Exchange) -> Exchange:
        """Without the 10 MB that were sent, which nobody looks at any more."""
        request = replace(exchange.request, body=exchange.request.body[:1000])
        answer = exchange.answer
        if answer is not None:
            answer = replace(answer, body=self._clean(answer.body))
        return replace(exchange, request=request, answer=answer, bad=True)

    def _finish(self, container: ScoringContainer, assembly: Assembly, failure: Failure | None) -> None:
        """Stops it, or leaves it to the user."""
        if self.options.keep and not container.ended.is_set():
            container.keep()
            self.kept = self._kept(container, assembly)
            return
        if failure is not None:
            return
        self.told("stopping")
        begun = time.monotonic()
        self.ending = container.stop(self.options.stop_timeout)
        took = time.monotonic() - begun
        code = self.ending.exit_code if self.ending is not None else None
        if took >= self.options.stop_timeout:
            told = f"it did not end within {self.options.stop_timeout:g} s of SIGTERM and was killed"
            self.notes.append(f"{told}: start the server with exec, so that it gets the signal")
        self._reached(Stage.STOPPED, f"exit code {code}" if code is not None else "")

    def _kept(self, container: ScoringContainer, assembly: Assembly) -> dict[str, str]:
        scoring = assembly.routes.scoring
        address = container.published(scoring.port) or self._address(container, scoring)
        request = self.options.requests[0] if self.options.requests else SAMPLE
        url = f"{address.url}{scoring.path}"
        body = request.body.decode("utf-8", "replace")
        curl = ["curl", "-H", f"Content-Type: {request.content_type}", "-d", body if len(body) < 500 else "@FILE", url]
        end = f"docker rm -f {container.name}"
        if not self.options.network:
            end += f" && docker network rm {container.name}"
        return {"url": url, "curl": shlex.join(curl), "end": end}

    # --- helpers ---------------------------------------------------------------------------------------------------

    def _address(self, container: ScoringContainer, route: Route) -> Address:
        """Where a port is asked that was not asked before."""
        addresses = container.addresses(route.port)
        for address in addresses:
            found = ask(address, Request(method="GET", path="/", content_type=""), PROBE_SECONDS)
            if found.outcome is not Outcome.UNREACHABLE:
                return address
        return addresses[0] if addresses else Address("127.0.0.1", route.port)

    def _deadline(self) -> float:
        return self.begun + self.options.timeout

    def _left(self, seconds: float) -> float:
        """At most so long, and not beyond the whole time; a little is left to anything, so that it can say why."""
        return max(0.1, min(seconds, self._deadline() - time.monotonic()))

    def _reached(self, stage: Stage, note: str = "") -> None:
        at = time.monotonic() - self.begun
        before = self.stages[-1].at if self.stages else 0.0
        self.stages.append(StageTime(stage, at, at - before, note))

    def _failed(
        self,
        container: ScoringContainer,
        assembly: Assembly,
        stage: Stage,
        exchange: Exchange | None = None,
        *,
        route: Route | None = None,
        late: bool = False,
        slow: bool = False,
        more_log: str = "",
        values: Mapping[str, str] | None = None,
    ) -> _FailedError:
        """What a failure comes to: looks at the container once more, now that something is wrong."""
        broken = exchange is not None and exchange.outcome in (Outcome.CLOSED, Outcome.REFUSED)
        if broken:
            self._wait_for_the_end(container, assembly)
        ending = container.ending() if container.ended.is_set() or broken else None
        self.ending = ending
        container.settle(LOG_SECONDS)
        waiting = stage in (Stage.LIVE, Stage.READY) and ending is None
        listening = container.listening() if waiting and exchange is not None else None
        observation = self._observation(stage, assembly, ending=ending, exchange=exchange, route=route)
        observation = replace(
            observation,
            log=self.redact(more_log + container.log),
            listening=listening,
            late=late or time.monotonic() >= self._deadline(),
            slow=slow,
            looping=container.worker_deaths >= WORKER_DEATHS and ending is None,
            memory_killed=container.out_of_memory,
            values={**observation.values, **(values or {})},
        )
        return _FailedError(_classified(observation))

    def _wait_for_the_end(self, container: ScoringContainer, assembly: Assembly) -> None:
        """After a connection that broke off: until the container has ended, or is seen to live on."""
        until = time.monotonic() + DYING_SECONDS
        container.ended.wait(DEATH_SECONDS)
        if self.live is None:
            return
        request = Request(method="GET", path=assembly.routes.liveness.path, content_type="")
        while not container.ended.wait(POLL_SECONDS) and time.monotonic() < until:
            if ask(self.live, request, DEATH_SECONDS).outcome is Outcome.ANSWERED:
                return

    def _observation(
        self,
        stage: Stage,
        assembly: Assembly,
        *,
        start_error: str = "",
        ending: Ending | None = None,
        exchange: Exchange | None = None,
        route: Route | None = None,
    ) -> Observation:
        route = route or assembly.routes.liveness
        now = time.monotonic() - self.begun
        from amlcheck.deployment.failures import Observation

        return Observation(
            stage=stage,
            mode=assembly.mode,
            at=now,
            start_error=start_error,
            ending=ending,
            last=exchange,
            port=route.port,
            path=route.path,
            seconds=now,
            request_seconds=self.options.request_timeout,
            values={"memory": _bytes(self.options.memory_bytes), "whole": f"{self.options.timeout:g}"},
        )


@dataclass(frozen=True)
class _Asked:
    request: Request
    expected: Expectation


@dataclass(frozen=True)
class _Found:
    """What asking came to."""

    exchange: Exchange
    address: Address
    why: str


class _Waiting:
    """Asks a route again and again in a thread, while the container's own words are listened to."""

    def __init__(self, container: ScoringContainer, addresses: list[Address], route: Route, deadline: float) -> None:
        self._container, self._addresses, self._deadline = container, addresses, deadline
        self._request = Request(method="GET", path=route.path, content_type="")
        self._over = threading.Event()

    def run(self) -> tuple[Exchange | None, Address, str]:
        """The last exchange, where it was, and why this is the end: "live", "steady", "ended", "looping" or "late"."""
        fallback = self._addresses[0] if self._addresses else Address("127.0.0.1", 0)
        self._last: tuple[Exchange | None, Address] = (None, fallback)
        if not self._addresses:
            if self._container.ended.wait(DEATH_SECONDS):
                return None, fallback, "ended"
            return None, fallback, "late"
        thread = threading.Thread(target=self._poll, daemon=True)
        thread.start()
        try:
            while True:
                left = self._deadline - time.monotonic()
                if left <= 0:
                    return *self._last, "late"
                word = self._container.next_word(left)
                if word == "ended":
                    return None, fallback, "ended"
                if self._container.worker_deaths >= WORKER_DEATHS:
                    return *self._last, "looping"
                if isinstance(word, _Found):
                    return word.exchange, word.address, word.why
        finally:
            self._over.set()

    def _poll(self) -> None:
        steady_since, steady_status = 0.0, 0
        ahead = list(self._addresses)
        while not self._over.is_set():
            address, left = ahead[0], self._deadline - time.monotonic()
            exchange = ask(address, self._request, max(0.05, min(PROBE_SECONDS, left)))
            if self._over.is_set():
                return
            if exchange.outcome is Outcome.UNREACHABLE and len(ahead) > 1:
                ahead.pop(0)
                continue
            self._last = (exchange, address)
            status = exchange.answer.status if exchange.answer is not None else 0
            if status == 200:
                self._tell(exchange, address, "live")
                return
            if status != steady_status:
                steady_since, steady_status = time.monotonic(), status
            elif status in STEADY_STATUSES and time.monotonic() - steady_since > STEADY_SECONDS:
                self._tell(exchange, address, "steady")
                return
            self._over.wait(POLL_SECONDS)

    def _tell(self, exchange: Exchange, address: Address, why: str) -> None:
        self._container.tell(_Found(exchange, address, why))


def _classified(observation: Observation) -> Failure:
    """What knows all failures is loaded only where there is one."""
    from amlcheck.deployment import failures

    return failures.classify(observation)


def _bytes(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if count >= size:
            return f"{count / size:g} {unit}"
    return f"{count} bytes"
