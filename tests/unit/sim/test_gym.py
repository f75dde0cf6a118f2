import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import sim.gym
from sim.errors import SimError
from vision.target import Site


def test_the_checker_passes() -> None:
    env = gymnasium.make(sim.gym.ENV_ID, disable_env_checker=True)
    check_env(env.unwrapped)
    env.close()


def test_same_seed_same_episode_and_wishes_move_the_tip() -> None:
    def play() -> np.ndarray:
        env = sim.gym.CollectSample()
        seen, info = env.reset(seed=5, options={"site": "posterior_wall", "person": 3})
        assert info["site"] == Site.POSTERIOR_WALL
        track = [seen]
        for _ in range(15):
            seen, reward, over, late, _ = env.step(np.array([-1.0, 0.0, 0.0], np.float32))
            assert np.isfinite(reward)
            assert not over
            assert not late
            track.append(seen)
        env.close()
        return np.array(track)

    first, again = play(), play()
    np.testing.assert_array_equal(first, again)
    assert first[-1, 0] - first[0, 0] == pytest.approx(-0.03, abs=0.012)


@pytest.mark.slow
def test_pressing_into_the_wall_ends_the_episode() -> None:
    env = sim.gym.CollectSample()
    env.reset(seed=1, options={"site": "posterior_wall", "person": 3})
    total = 0.0
    for _ in range(400):
        _, reward, over, late, info = env.step(np.array([-1.0, 0.0, 0.0], np.float32))
        total += reward
        if over or late:
            break
    env.close()
    assert over
    assert info["force"] > 0.1


def test_stepping_before_reset_is_refused() -> None:
    with pytest.raises(SimError, match="call reset"):
        sim.gym.CollectSample().step(np.zeros(3, np.float32))
