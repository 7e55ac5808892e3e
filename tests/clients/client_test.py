"""The published Python client against a running server: `client_test.py URL MASTER_KEY`."""

import datetime
import sys
import unittest

import meilisearch
from meilisearch.errors import MeilisearchApiError

URL, MASTER_KEY = sys.argv[1:3]

BOOKS = [
    {"id": 1, "title": "The Left Hand of Darkness", "author": "Ursula K. Le Guin", "year": 1969, "tags": ["science fiction", "winter"]},
    {"id": 2, "title": "A Wizard of Earthsea", "author": "Ursula K. Le Guin", "year": 1968, "tags": ["fantasy", "magic"]},
    {"id": 3, "title": "The Dispossessed", "author": "Ursula K. Le Guin", "year": 1974, "tags": ["science fiction"]},
    {"id": 4, "title": "The Colour of Magic", "author": "Terry Pratchett", "year": 1983, "tags": ["fantasy", "magic"]},
    {"id": 5, "title": "Going Postal", "author": "Terry Pratchett", "year": 2004, "tags": ["fantasy"]},
]


class Client(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.client = meilisearch.Client(URL, MASTER_KEY)
        cls.done(cls.client.create_index("books", {"primaryKey": "id"}))
        cls.index = cls.client.index("books")
        cls.done(cls.index.update_settings({
            "searchableAttributes": ["title", "author"],
            "filterableAttributes": ["author", "year", "tags"],
            "sortableAttributes": ["year"],
            "synonyms": {"sorcerer": ["wizard"]},
        }))
        cls.done(cls.index.add_documents(BOOKS))

    @classmethod
    def done(cls, task):
        finished = cls.client.wait_for_task(task.task_uid, timeout_in_ms=30_000)
        assert finished.status == "succeeded", finished.error
        return finished

    def ids(self, query, options=None):
        return [hit["id"] for hit in self.index.search(query, options or {})["hits"]]

    def test_search_with_typo_prefix_and_synonym(self):
        self.assertEqual(self.ids("erthsea"), [2])
        self.assertEqual(self.ids("dispos"), [3])
        self.assertEqual(self.ids("sorcerer"), [2])

    def test_filters_sort_and_facets(self):
        answer = self.index.search("", {"filter": ["tags = magic", "year < 1980"], "facets": ["author", "year"]})
        self.assertEqual([hit["id"] for hit in answer["hits"]], [2])
        self.assertEqual(answer["facetDistribution"]["author"], {"Ursula K. Le Guin": 1})
        self.assertEqual(answer["facetStats"]["year"], {"min": 1968, "max": 1968})
        self.assertEqual(self.ids("", {"sort": ["year:desc"], "limit": 2}), [5, 4])
        hits = self.index.facet_search("author", "ter")["facetHits"]
        self.assertEqual(hits, [{"value": "Terry Pratchett", "count": 2}])

    def test_pages(self):
        answer = self.index.search("", {"hitsPerPage": 2, "page": 3})
        self.assertEqual((answer["totalPages"], answer["totalHits"], len(answer["hits"])), (3, 5, 1))

    def test_highlight_and_crop(self):
        hit = self.index.search("darkness", {"attributesToHighlight": ["title"], "attributesToCrop": ["title"], "cropLength": 2})["hits"][0]
        self.assertEqual(hit["_formatted"]["title"], "…of <em>Darkness</em>")

    def test_documents(self):
        other = self.client.index("other")
        self.done(other.add_documents([{"id": "a", "n": 1}, {"id": "b", "n": 2}]))
        self.done(other.update_documents([{"id": "a", "m": 3}]))
        self.assertEqual(dict(other.get_document("a")), {"id": "a", "n": 1, "m": 3})
        self.done(other.delete_document("b"))
        self.assertEqual(other.get_documents().total, 1)
        self.done(other.delete_all_documents())
        self.assertEqual(other.get_stats().number_of_documents, 0)
        self.done(other.delete())

    def test_keys_and_tenant_tokens(self):
        key = self.client.create_key({"actions": ["search"], "indexes": ["books"], "expiresAt": None})
        reader = meilisearch.Client(URL, key.key)
        self.assertEqual(reader.index("books").search("postal")["hits"][0]["id"], 5)
        with self.assertRaises(MeilisearchApiError) as refused:
            reader.index("books").delete_all_documents()
        self.assertEqual(refused.exception.code, "invalid_api_key")
        expires = datetime.datetime.now(tz=datetime.timezone.utc) + datetime.timedelta(hours=1)
        token = self.client.generate_tenant_token(
            key.uid, {"books": {"filter": "author = 'Terry Pratchett'"}}, api_key=key.key, expires_at=expires)
        tenant = meilisearch.Client(URL, token)
        self.assertEqual({hit["id"] for hit in tenant.index("books").search("")["hits"]}, {4, 5})
        self.client.delete_key(key.uid)

    def test_errors(self):
        with self.assertRaises(MeilisearchApiError) as refused:
            self.client.get_index("nowhere")
        self.assertEqual((refused.exception.code, refused.exception.status_code), ("index_not_found", 404))
        with self.assertRaises(MeilisearchApiError) as refused:
            self.index.search("", {"filter": "title = x"})
        self.assertEqual(refused.exception.code, "invalid_search_filter")
        task = self.client.wait_for_task(self.index.add_documents([{"name": "no id"}]).task_uid)
        self.assertEqual((task.status, task.error["code"]), ("failed", "missing_document_id"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
