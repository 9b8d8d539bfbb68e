from concurrent.futures import ThreadPoolExecutor

from firsthand.store import Store
from firsthand.store.secret import BYTES, store_secret


def test_a_store_keeps_its_secret_and_no_other_store_has_it(store_url, tmp_path):
    with Store(store_url) as store:
        secret = store_secret(store.engine)
    assert len(secret) == BYTES
    with Store(store_url) as store:
        assert store_secret(store.engine) == secret
    with Store(str(tmp_path / "other.db")) as other:
        assert store_secret(other.engine) != secret


def test_first_calls_at_one_time_agree(either_store):
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(store_secret, [either_store.engine] * 32))) == 1
