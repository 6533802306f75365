"""Writes the Parquet files beside it, with pyarrow 26.0.1: every value is a function of its row number, see parquet-reader.test.ts."""
import datetime as dt
import decimal
import os
import pyarrow as pa
import pyarrow.parquet as pq

here = os.path.dirname(os.path.abspath(__file__))
rows = range(300)
some = lambda make: [None if i % 5 == 0 else make(i) for i in rows]
utc = dt.timezone.utc
columns = {
    "i32": pa.array([i - 150 for i in rows], pa.int32()),
    "u32": pa.array([4294967295 - i for i in rows], pa.uint32()),
    "i64": pa.array(some(lambda i: i * 1_000_000_007 - 5), pa.int64()),
    "big": pa.array([9007199254740990 + i for i in rows], pa.int64()),
    "u64": pa.array([18446744073709551615 - i if i % 2 else i for i in rows], pa.uint64()),
    "f64": pa.array(some(lambda i: i / 4), pa.float64()),
    "f32": pa.array([i / 8 for i in rows], pa.float32()),
    "yes": pa.array(some(lambda i: i % 3 == 0), pa.bool_()),
    "ascii": pa.array(some(lambda i: f"name {i % 17}"), pa.string()),
    "text": pa.array([f"né {i} 漢" for i in rows], pa.string()),
    "bytes": pa.array([bytes([i % 256, 255]) for i in rows], pa.binary()),
    "day": pa.array(some(lambda i: dt.date(1969, 12, 1) + dt.timedelta(days=i)), pa.date32()),
    "millis": pa.array([dt.datetime.fromtimestamp(i * 86400 + 0.25, utc) for i in rows], pa.timestamp("ms", "UTC")),
    "micros": pa.array(some(lambda i: dt.datetime(1969, 12, 31, 23, 59, 59, 999_000 + i)), pa.timestamp("us")),
    "nanos": pa.array([-1 - i for i in rows], pa.timestamp("ns")),
    "price": pa.array([decimal.Decimal(i * 7) / 100 for i in rows], pa.decimal128(9, 2)),
    "wide": pa.array([decimal.Decimal(i * 1001 - 5) / 1000 for i in rows], pa.decimal128(30, 3)),
    "list": pa.array([None if i % 7 == 0 else [i, None, i + 1][: i % 4] for i in rows], pa.list_(pa.int64())),
    "point": pa.array([{"x": i, "label": None if i % 3 == 0 else f"p{i}"} for i in rows], pa.struct([("x", pa.int32()), ("label", pa.string())])),
    "deep": pa.array([None if i % 11 == 0 else [[{"d": dt.datetime.fromtimestamp(i, utc), "s": None if i % 2 else "s"}] * (i % 3), None] for i in rows], pa.list_(pa.list_(pa.struct([("d", pa.timestamp("ms", "UTC")), ("s", pa.string())])))),
    "map": pa.array([None if i % 6 == 0 else [("k", i), ("n", None)][: i % 3] for i in rows], pa.map_(pa.string(), pa.int64())),
    "maybe": pa.array([None if i % 4 == 0 else {"in": None if i % 5 == 0 else {"x": i}} for i in rows], pa.struct([("in", pa.struct([("x", pa.int64())]))])),
    "id": pa.array([bytes([i % 256] * 16) for i in rows], pa.uuid()),
    "time": pa.array([i * 1000 for i in rows], pa.time64("us")),
    "none": pa.array([None for _ in rows], pa.string()),
    "__proto__": pa.array([i for i in rows], pa.int32()),
}
table = pa.table(columns)


def write(name, **options):
    pq.write_table(table, os.path.join(here, name), row_group_size=120, store_schema=False, **options)


decimals = {"store_decimal_as_integer": True}
write("v1-snappy.parquet", compression="snappy", data_page_version="1.0")
write("v2-zstd.parquet", compression="zstd", data_page_version="2.0", data_page_size=256, write_batch_size=32, **decimals)
write("plain-gzip.parquet", compression="gzip", use_dictionary=False)
write("plain-brotli.parquet", compression="brotli", use_dictionary=False, data_page_version="2.0")
write("v1-lz4.parquet", compression="lz4", data_page_size=200, write_batch_size=16)
delta = {name: "DELTA_BINARY_PACKED" for name in ["i32", "i64", "big"]} | {"ascii": "DELTA_BYTE_ARRAY", "text": "DELTA_LENGTH_BYTE_ARRAY", "f64": "BYTE_STREAM_SPLIT"}
write("delta-none.parquet", compression="none", use_dictionary=False, column_encoding=delta)

# many pages: nulls that begin late, dictionaries that are given up half-way, bigints and bytes that are not UTF-8 among others
n = 12000
text = lambda values: pa.Array.from_buffers(pa.string(), n, pa.array(values, pa.binary()).buffers())
paged = pa.table({
    "late": pa.array([None if i > 9000 and i % 3 == 0 else i * 1.5 for i in range(n)], pa.float64()),
    "many": pa.array([f"value {i * 7919 % 5000}" for i in range(n)], pa.string()),
    "some": pa.array([None if i % 11 == 5 else f"é{i * 31 % 97}" for i in range(n)], pa.string()),
    "big": pa.array([i if i < 7000 else 2**60 + i % 5 for i in range(n)], pa.int64()),
    "flag": pa.array([None if i % 7 == 3 else i % 1000 < 700 for i in range(n)], pa.bool_()),
    "broken": text([b"ok" if i != 8500 else b"\xffx" for i in range(n)]),
    "absent": pa.array([None] * n, pa.string()),
})
pages = {"data_page_size": 4000, "write_batch_size": 500, "dictionary_pagesize_limit": 65000, "row_group_size": 10000}
pq.write_table(paged, os.path.join(here, "pages.parquet"), compression="snappy", use_dictionary=["many", "some", "absent"], write_statistics=False, store_schema=False, **pages)
