"""
Computes what the examples must print, with tools that share nothing with Firesteel, and writes it to answers/:

    pip install duckdb numpy scikit-learn nltk
    python3 test/examples/answers.py

Run once and kept. DuckDB 2.0 (flights, log query), NumPy 2.4 (pi, page rank), scikit-learn 1.9 (k-means, logistic regression)
and NLTK 3.10 (inverted index).
"""
import re
from pathlib import Path

import duckdb
import numpy as np
from nltk.stem.porter import PorterStemmer
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression

here = Path(__file__).parent
root = here.parent.parent
data = root / "node_modules/vega-datasets/data"


def flights():
    file = data / "flights-3m.parquet"
    delays = "count(*) as n, 100 * avg((delay > 15)::int) as late, avg(delay) as mean"

    def table(title, name, keys, rest):
        rows = duckdb.sql(f"select {name} as name, {delays} from '{file}' group by {keys} {rest}").fetchall()
        yield from ["", title]
        for key, n, late, mean in rows:
            yield f"{key:<22}{n:>10}{late:>6.1f} %{mean:>9.1f} min"

    [(count,)] = duckdb.sql(f"select count(*) from '{file}'").fetchall()
    yield f"{count} flights"
    yield from table("busiest airports         flights   late   mean delay", "origin", "origin", "order by n desc limit 8")
    hour = "printf('%02d:00', hour(date))"
    yield from table("by hour of departure     flights   late   mean delay", hour, hour, "order by name")
    route = "having n >= 500 order by mean desc limit 8"
    yield from table("worst routes (500+)      flights   late   mean delay", "origin || ' to ' || destination", "origin, destination", route)


def log_query():
    query = r"""
      with lines as (select unnest(string_split(trim(content, chr(10)), chr(10))) as line from read_text(?)),
           fields as (select regexp_extract(line, '^(\S+) [^"]*"\S+ (/\S*) \S+" \d+ (\S+)', ['client', 'path', 'bytes']) as r from lines)
      select r.client, r.path, count(*), sum(coalesce(try_cast(r.bytes as int), 0)) from fields group by all order by all
    """
    rows = duckdb.execute(query, [str(root / "examples/access.log")]).fetchall()
    for row in rows:
        if row[0] != "":
            yield " ".join(map(str, row))
    yield f"{sum(row[2] for row in rows if row[0] == '')} malformed"


def pi(points=1_000_000, partitions=8):
    inside = 0
    for seed in range(partitions):
        rows = (seed + 1) * points // partitions - seed * points // partitions
        with np.errstate(over="ignore"):
            state = np.uint32(seed) + np.uint32(0x6D2B79F5) * np.arange(1, 2 * rows + 1, dtype=np.uint32)
            t = (state ^ state >> 15) * (state | np.uint32(1))
            t ^= t + (t ^ t >> 7) * (t | np.uint32(61))
        numbers = (t ^ t >> 14).astype(np.float64) / 2**32
        inside += int(np.count_nonzero(numbers[0::2] ** 2 + numbers[1::2] ** 2 < 1))
    yield f"π is about {4 * inside / points!r}"


def page_rank(rounds=10):
    routes = duckdb.sql(f"select origin, destination from '{data / 'flights-airport.csv'}'").fetchnumpy()
    names, nodes = np.unique(np.concatenate([routes["origin"], routes["destination"]]).astype(str), return_inverse=True)
    origins, destinations = np.split(nodes, 2)
    routes_out = np.bincount(origins, minlength=len(names))
    step = np.zeros((len(names), len(names)))
    np.add.at(step, (destinations, origins), 1 / routes_out[origins])
    ranks = np.ones(len(names))
    for _ in range(rounds):
        ranks = 0.15 + 0.85 * step @ ranks
    for i in np.argsort(-ranks)[:10]:
        yield f"{names[i]} {ranks[i]:.4f}"


def k_means(k=8):
    points = np.array(duckdb.sql(f"select latitude, longitude from '{data / 'airports.csv'}'").fetchall())
    model = KMeans(k, init=points[:k], n_init=1, max_iter=300, tol=0, algorithm="lloyd").fit(points)
    for (latitude, longitude), size in zip(model.cluster_centers_, np.bincount(model.labels_)):
        yield f"{size:>5} airports around {latitude:.3f}, {longitude:.3f}"


def logistic_regression():
    table = duckdb.sql(f"select delay, distance, time from '{data / 'flights-200k.json'}'").fetchnumpy()
    features = lambda distance, time: np.column_stack([(distance - 700) / 600, ((time + 20) % 24 - 10) / 5])
    model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000)
    model.fit(features(table["distance"], table["time"]), table["delay"] > 15)
    weights = [*model.intercept_, *model.coef_[0]]
    yield f"weights after 100 rounds over {len(table['delay'])} flights: {', '.join(f'{w:.4f}' for w in weights)}"
    for time in [6, 12, 18, 22]:
        late = model.predict_proba(features(np.array([500]), np.array([time])))[0, 1]
        yield f"500 miles at {time}:00: late with {100 * late:.1f} %"


def inverted_index():
    stem = PorterStemmer(mode=PorterStemmer.MARTIN_EXTENSIONS).stem
    index = {}
    for file in sorted((here / "texts").iterdir()):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            for word in re.findall(r"[^\W\d_]+", line.lower()):
                index.setdefault(stem(word), set()).add((file.name, number))
    for word, places in sorted(index.items()):
        yield f"{word}: {' '.join(f'{name}:{line}' for name, line in sorted(places))}"


for answer in [flights, log_query, pi, page_rank, k_means, logistic_regression, inverted_index]:
    (here / "answers" / f"{answer.__name__.replace('_', '-')}.txt").write_text("\n".join(answer()) + "\n")
