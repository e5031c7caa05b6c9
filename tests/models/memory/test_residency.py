"""Who gets a place in memory: within the budget, in order, and everybody in the end."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from wyoming_openspeakers.errors import ModelUnavailable, OutOfMemory, SpeechError, SynthesisFailed
from wyoming_openspeakers.models.memory.ledger import HOST, Ledger
from wyoming_openspeakers.models.memory.residency import Action, Residency, Space, Step, Want

GPU = "cuda:0"


class House:
    """Models of known sizes, and somebody who carries every step out when told to."""

    def __init__(self, sizes: Mapping[str, int], host: int = 1000, gpu: int = 0, standby: tuple[str, ...] = ()) -> None:
        self.sizes = sizes
        self.ledger = Ledger({HOST: host, **({GPU: gpu} if gpu else {})})
        self.residency = Residency(self.ledger, self.place)
        self.pool = GPU if gpu else HOST
        self.now = 0.0
        self.pending: list[Step] = []
        self.done: list[Step] = []
        self.settled: dict[Want, SpeechError | None] = {}
        for model in sizes:
            self.ledger.declare(model, standby=model in standby)

    def place(self, model: str, spaces: Mapping[str, Space]) -> tuple[str, int]:
        return self.pool, self.sizes[model]

    def want(self, model: str, urgency: int = 0) -> Want:
        want: Want

        def settle(error: SpeechError | None) -> None:
            assert want not in self.settled, "it was settled twice"
            self.settled[want] = error

        want = self.residency.want(model, lambda: urgency, settle)
        self.step()
        return want

    def step(self) -> None:
        for step in self.residency.step(self.now):
            if step.action is Action.LOAD:
                self.ledger.began(step.model, "worker")
            self.pending.append(step)

    def finish(self, step: Step, seconds: float = 0.0) -> None:
        """Carry a step out."""
        self.pending.remove(step)
        self.done.append(step)
        model = step.model
        match step.action:
            case Action.LOAD | Action.UNPARK:
                self.ledger.loaded(model, self.now, seconds, self.sizes[model])
                self.ledger[model].parked_size = self.parked_size(model)
            case Action.PARK:
                self.ledger.parked(model, self.parked_size(model))
            case Action.UNLOAD:
                self.ledger.gone(model)
        self.step()

    def parked_size(self, model: str) -> int:
        return self.sizes[model] if self.pool == GPU else 0

    def run(self) -> list[tuple[Action, str]]:
        """Carry out all there is to do; what that was."""
        begin = len(self.done)
        while self.pending:
            self.finish(self.pending[0])
        return [(step.action, step.model) for step in self.done[begin:]]

    def leave(self, model: str, keep_alive: float = math.inf) -> None:
        self.residency.leave(model, self.now, keep_alive)
        self.step()

    def use(self, model: str) -> None:
        """Have a model and leave it."""
        want = self.want(model)
        self.run()
        assert self.settled[want] is None
        self.leave(model)

    def states(self) -> dict[str, str]:
        return {model.name: model.state for model in self.ledger}


def test_a_model_is_loaded_once_for_all_who_want_it() -> None:
    house = House({"a": 10})
    wants = [house.want("a") for _ in range(3)]
    assert house.run() == [(Action.LOAD, "a")]
    assert [house.settled[want] for want in wants] == [None, None, None]


def test_who_was_idle_longest_is_parked_for_another() -> None:
    house = House({"a": 60, "b": 40, "c": 50}, host=1000, gpu=100)
    for model in "ab":
        house.use(model)
        house.now += 5
    house.use("c")
    assert house.states() == {"a": "parked", "b": "resident", "c": "resident"}
    assert (house.ledger.used(GPU), house.ledger.used(HOST)) == (90, 60)


def test_a_parked_model_comes_back_without_being_loaded() -> None:
    house = House({"a": 60, "b": 60}, gpu=100)
    for model in "aba":
        house.use(model)
        house.now += 5
    assert [(step.action, step.model) for step in house.done] == [
        (Action.LOAD, "a"),
        (Action.PARK, "a"),
        (Action.LOAD, "b"),
        (Action.PARK, "b"),
        (Action.UNPARK, "a"),
    ]
    assert house.ledger.used(HOST) == 60


def test_without_room_in_host_memory_a_model_is_dropped() -> None:
    house = House({"a": 60, "b": 60}, host=50, gpu=100)
    house.use("a")
    house.now += 5
    house.use("b")
    assert house.states() == {"a": "cold", "b": "resident"}


def test_a_model_on_standby_never_goes() -> None:
    house = House({"a": 60, "b": 60, "c": 30}, gpu=100, standby=("a",))
    house.use("a")
    house.now += 1000
    house.use("c")
    want = house.want("b")
    assert isinstance(house.settled[want], OutOfMemory)
    assert "0.0 GB" in str(house.settled[want])
    assert house.states() == {"a": "resident", "b": "cold", "c": "resident"}


def test_what_can_never_fit_is_refused_at_once_and_nobody_goes_for_it() -> None:
    house = House({"a": 60, "huge": 200}, gpu=100)
    house.use("a")
    assert isinstance(house.settled[house.want("huge")], OutOfMemory)
    assert house.states() == {"a": "resident", "huge": "cold"}


def test_a_model_in_use_is_left_alone_until_it_is_free() -> None:
    house = House({"a": 60, "b": 60}, gpu=100)
    house.want("a")
    house.run()
    house.now += 100
    want = house.want("b")
    assert house.run() == [] and want not in house.settled
    house.leave("a")
    assert house.run() == [(Action.PARK, "a"), (Action.LOAD, "b")]
    assert house.settled[want] is None


def test_whoever_comes_later_does_not_keep_others_out() -> None:
    house = House({"a": 60, "b": 60}, gpu=100)
    house.want("a")
    house.run()
    house.now += 100
    waits = house.want("b")
    later = house.want("a")
    assert later not in house.settled
    house.leave("a")
    house.run()
    assert house.settled[waits] is None and later not in house.settled
    house.now += 100
    house.leave("b")
    house.run()
    assert house.settled[later] is None


def test_equals_share_a_place_without_spending_their_time_on_loading() -> None:
    house = House({"a": 60, "b": 60}, gpu=100)
    house.want("a")
    house.finish(house.pending[0], seconds=2.0)
    waits = house.want("b")
    for _ in range(5):
        more = house.want("a")
        assert house.settled[more] is None, "it has had its place for too short a time"
        house.leave("a")
    assert house.residency.wakes_at == 6.0
    house.now = 6.0
    house.step()
    house.leave("a")
    house.run()
    assert house.settled[waits] is None


def test_somebody_more_urgent_does_not_wait_for_a_share() -> None:
    house = House({"a": 60, "b": 60}, gpu=100)
    house.want("a", urgency=2)
    house.finish(house.pending[0], seconds=5.0)
    urgent = house.want("b", urgency=0)
    blocked = house.want("a", urgency=2)
    assert blocked not in house.settled
    house.leave("a")
    house.run()
    assert house.settled[urgent] is None and blocked not in house.settled


def test_urgency_is_asked_anew() -> None:
    house = House({"a": 60, "b": 60, "c": 60}, gpu=100)
    house.want("a")
    house.run()
    house.now += 100
    behind = [2]
    got: list[str] = []
    house.residency.want("b", lambda: behind[0], lambda error: got.append("b"))
    house.residency.want("c", lambda: 1, lambda error: got.append("c"))
    house.step()
    behind[0] = 0
    house.leave("a")
    house.run()
    assert got == ["b"]


def test_a_model_goes_when_it_was_not_used_for_long_enough() -> None:
    house = House({"a": 10})
    house.want("a")
    house.run()
    house.leave("a", keep_alive=60)
    assert (house.pending, house.residency.wakes_at) == ([], 60)
    house.now = 60
    house.step()
    assert house.run() == [(Action.UNLOAD, "a")]
    assert (house.ledger.used(HOST), house.residency.wakes_at) == (0, math.inf)


def test_a_model_goes_at_once_when_it_shall_not_be_kept() -> None:
    house = House({"a": 10})
    house.want("a")
    house.run()
    house.want("a")
    house.leave("a", keep_alive=0)
    assert house.pending == []
    house.leave("a", keep_alive=0)
    assert house.run() == [(Action.UNLOAD, "a")]


def test_the_last_use_says_how_long_a_model_stays() -> None:
    house = House({"a": 10})
    house.use("a")
    assert house.residency.wakes_at == math.inf
    house.want("a")
    house.leave("a", keep_alive=5)
    assert house.residency.wakes_at == house.now + 5


def test_a_model_that_is_sent_away_goes_when_it_is_free_and_comes_back_for_who_wants_it() -> None:
    house = House({"a": 10}, standby=("a",))
    house.want("a")
    house.run()
    house.residency.send_away("a", "cold")
    later = house.want("a")
    assert house.pending == []
    house.leave("a")
    assert house.run() == [(Action.UNLOAD, "a"), (Action.LOAD, "a")]
    assert house.settled[later] is None


def test_who_came_before_a_model_was_sent_away_still_gets_it() -> None:
    house = House({"a": 10})
    early = house.want("a")
    house.residency.send_away("a", "cold")
    late = house.want("a")
    house.run()
    assert house.settled[early] is None and late not in house.settled
    house.leave("a")
    assert house.run() == [(Action.UNLOAD, "a"), (Action.LOAD, "a")]
    assert house.settled[late] is None


def test_a_model_is_parked_on_request() -> None:
    house = House({"a": 10}, gpu=100)
    house.use("a")
    house.residency.send_away("a", "parked")
    house.step()
    assert house.run() == [(Action.PARK, "a")]
    assert house.states() == {"a": "parked"}


def test_lack_of_memory_makes_room_and_is_told_the_second_time() -> None:
    house = House({"a": 10, "b": 10})
    house.use("a")
    house.now += 5
    want = house.want("b")
    assert [step.model for step in house.pending] == ["b"]
    for last in (False, True):
        house.pending.clear()
        house.residency.failed("b", OutOfMemory("full"))
        house.step()
        assert (want in house.settled) is last
        if not last:
            assert [(step.action, step.model) for step in house.pending] == [(Action.PARK, "a")]
            house.finish(house.pending[0])
            assert [(step.action, step.model) for step in house.pending] == [(Action.UNLOAD, "a")]
            house.finish(house.pending[0])
            assert [(step.action, step.model) for step in house.pending] == [(Action.LOAD, "b")]
    assert isinstance(house.settled[want], OutOfMemory)


def test_any_other_failure_is_told_to_all_who_wait() -> None:
    house = House({"a": 10})
    wants = [house.want("a"), house.want("a")]
    house.residency.failed("a", SynthesisFailed("damaged"))
    assert {str(house.settled[want]) for want in wants} == {"damaged"}
    assert house.states() == {"a": "cold"}


def test_no_place_at_all_is_told() -> None:
    house = House({"a": 10})

    def nowhere(model: str, spaces: Mapping[str, Space]) -> tuple[str, int]:
        raise ModelUnavailable("there is no GPU")

    house.residency = Residency(house.ledger, nowhere)
    assert str(house.settled[house.want("a")]) == "there is no GPU"


def test_a_model_larger_than_expected_makes_others_go() -> None:
    house = House({"a": 50, "b": 40}, host=100)
    house.use("a")
    house.now += 5
    house.want("b")
    house.sizes = {"a": 50, "b": 80}
    assert house.run() == [(Action.LOAD, "b"), (Action.PARK, "a")]
    assert house.ledger.used(HOST) == 80


def test_a_process_without_resident_models_goes_when_its_memory_is_needed() -> None:
    house = House({"a": 40, "b": 90}, host=100)
    house.use("a")
    house.ledger.set_overhead("worker", HOST, 20)
    house.residency.send_away("a", "parked")
    house.step()
    house.run()
    assert house.states()["a"] == "parked" and house.ledger.used(HOST) == 20
    house.now += 5
    want = house.want("b")
    assert [(step.action, step.model) for step in house.pending] == [(Action.UNLOAD, "a")]
    house.ledger.forget_process("worker")
    house.run()
    assert house.settled[want] is None


def test_parking_leaves_room_for_what_is_in_host_memory_already() -> None:
    house = House({"a": 60, "b": 60}, host=100, gpu=200)
    for model in "ab":
        house.use(model)
        house.ledger[model].held[HOST] = 10
    for model in "ab":
        house.residency.send_away(model, "parked")
    house.step()
    assert house.ledger.used(HOST) <= 100
    house.run()
    assert house.ledger.used(HOST) <= 100


def test_one_that_found_no_memory_waits_for_another_that_is_loading() -> None:
    house = House({"a": 10, "b": 10})
    house.want("a")
    house.want("b")
    house.residency.failed("b", OutOfMemory("full"))
    house.pending = [step for step in house.pending if step.model != "b"]
    house.step()
    assert [step.model for step in house.pending] == ["a"]


def test_lack_of_memory_is_forgotten_with_those_who_met_it() -> None:
    house = House({"a": 10, "b": 10})
    house.use("a")
    house.now += 5
    want = house.want("b")
    house.pending.clear()
    house.residency.failed("b", OutOfMemory("full"))
    house.residency.forget(want)
    house.now += 3600
    house.use("a")
    house.use("b")
    assert house.states() == {"a": "resident", "b": "resident"}


def test_a_standby_model_on_its_way_out_makes_room() -> None:
    house = House({"a": 60, "b": 60}, gpu=100, standby=("a",))
    house.use("a")
    house.residency.send_away("a", "cold")
    house.step()
    want = house.want("b")
    house.run()
    assert house.settled[want] is None


def test_a_parked_model_whose_gpu_was_taken_goes_elsewhere() -> None:
    house = House({"a": 60}, gpu=100)
    house.use("a")
    house.residency.send_away("a", "parked")
    house.step()
    house.run()
    house.ledger.budgets = {HOST: 1000, GPU: 10, "cuda:1": 100}
    house.pool = "cuda:1"
    house.use("a")
    assert house.ledger["a"].pool == "cuda:1"


def test_some_room_is_left_for_speaking() -> None:
    house = House({"a": 50, "b": 50}, gpu=100)
    house.ledger = Ledger(house.ledger.budgets, headroom=0.05)
    house.residency = Residency(house.ledger, house.place)
    for model in "ab":
        house.ledger.declare(model)
        house.use(model)
        house.now += 5
    assert house.states() == {"a": "parked", "b": "resident"}


def test_idle_models_that_would_not_help_stay() -> None:
    house = House({"a": 0, "b": 50}, host=100)
    for model in "ab":
        house.use(model)
    house.want("b")
    house.ledger.set_overhead("worker", HOST, 80)
    house.now += 100
    house.step()
    assert house.pending == []


MODELS = {"small": 20, "middle": 40, "large": 60, "huge": 90, "standing": 30}


class Life(RuleBasedStateMachine):
    """Whatever happens in whatever order: budgets hold, nobody is disturbed, and everybody is served in the end."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House(MODELS, host=120, gpu=130, standby=("standing",))
        self.users: Counter[str] = Counter()
        self.wants: list[Want] = []
        self.sent_away: set[str] = set()

    def note(self) -> None:
        """Those who got what they wanted use it now."""
        for want in [want for want in self.wants if want in self.house.settled]:
            self.wants.remove(want)
            if self.house.settled[want] is None:
                assert self.house.ledger.state(want.model) == "resident"
                self.users[want.model] += 1

    @rule(model=st.sampled_from(sorted(MODELS)), urgency=st.integers(0, 2))
    def somebody_wants_a_model(self, model: str, urgency: int) -> None:
        self.wants.append(self.house.want(model, urgency))
        self.note()

    @precondition(lambda self: self.wants)
    @rule(data=st.data())
    def somebody_gives_up(self, data: st.DataObject) -> None:
        want = data.draw(st.sampled_from(self.wants))
        self.wants.remove(want)
        self.house.residency.forget(want)
        self.house.step()
        self.note()

    @precondition(lambda self: self.users.total())
    @rule(data=st.data(), keep_alive=st.sampled_from([0.0, 1.0, 60.0, math.inf]))
    def somebody_has_finished(self, data: st.DataObject, keep_alive: float) -> None:
        model = data.draw(st.sampled_from(sorted(+self.users)))
        self.users[model] -= 1
        self.house.leave(model, keep_alive)
        self.note()

    @precondition(lambda self: self.house.pending)
    @rule(data=st.data(), seconds=st.sampled_from([0.1, 3.0]))
    def a_step_is_done(self, data: st.DataObject, seconds: float) -> None:
        step = data.draw(st.sampled_from(self.house.pending))
        self.house.finish(step, seconds)
        if step.action is Action.UNLOAD:
            self.sent_away.discard(step.model)
        self.note()

    @precondition(lambda self: any(step.action in (Action.LOAD, Action.UNPARK) for step in self.house.pending))
    @rule(data=st.data(), error=st.sampled_from([OutOfMemory("full"), SynthesisFailed("broken")]))
    def loading_fails(self, data: st.DataObject, error: SpeechError) -> None:
        loading = [step for step in self.house.pending if step.action in (Action.LOAD, Action.UNPARK)]
        step = data.draw(st.sampled_from(loading))
        self.house.pending.remove(step)
        self.house.residency.failed(step.model, error)
        self.house.step()
        self.note()

    @rule()
    def the_process_ends(self) -> None:
        for model in self.house.ledger.companions("worker"):
            if model.is_there:
                self.house.ledger.gone(model.name)
        self.house.step()
        self.note()

    @rule(model=st.sampled_from(sorted(MODELS)), to=st.sampled_from(["cold", "parked"]))
    def a_model_is_sent_away(self, model: str, to: str) -> None:
        self.house.residency.send_away(model, "cold" if to == "cold" else "parked")
        if self.house.ledger.state(model) != "cold":
            self.sent_away.add(model)
        self.house.step()
        self.note()

    @rule(seconds=st.sampled_from([0.01, 0.3, 5.0, 100.0]))
    def time_goes_by(self, seconds: float) -> None:
        self.house.now += seconds
        self.house.step()
        self.note()

    @invariant()
    def no_budget_is_exceeded(self) -> None:
        for pool, budget in self.house.ledger.budgets.items():
            assert self.house.ledger.used(pool) <= budget

    @invariant()
    def nobody_is_disturbed(self) -> None:
        going = {step.model for step in self.house.pending if step.action in (Action.PARK, Action.UNLOAD)}
        assert not going & set(+self.users)
        assert "standing" not in going - self.sent_away

    @invariant()
    def there_is_one_step_at_a_time_for_each_model(self) -> None:
        assert all(times == 1 for times in Counter(step.model for step in self.house.pending).values())
        moving = {model.name for model in self.house.ledger if model.state in ("loading", "parking", "unloading")}
        assert moving == {step.model for step in self.house.pending}

    def teardown(self) -> None:
        """In the end everybody is served: those who use a model leave it, time goes by, steps get done."""
        for _ in range(400):
            if not self.wants:
                break
            for model, count in list((+self.users).items()):
                for _ in range(count):
                    self.users[model] -= 1
                    self.house.leave(model)
            if self.house.pending:
                self.house.finish(self.house.pending[0])
            self.house.now += 0.5
            self.house.step()
            self.note()
        assert not self.wants, f"{[want.model for want in self.wants]} waits for ever"


@pytest.mark.slow
def test_life() -> None:
    run_state_machine_as_test(Life, settings=settings(max_examples=100, stateful_step_count=40, deadline=None))
