// The published JavaScript client against a running server: `client_test.mjs URL MASTER_KEY`.
import assert from "node:assert/strict";
import test from "node:test";

const { Meilisearch } = await import("meilisearch");
const { generateTenantToken } = await import("meilisearch/token");

const [url, masterKey] = process.argv.slice(-2);
const client = new Meilisearch({ host: url, apiKey: masterKey });
const index = client.index("films");

async function done(promise) {
  const { taskUid } = await promise;
  const task = await client.tasks.waitForTask(taskUid, { timeout: 30_000 });
  assert.equal(task.status, "succeeded", JSON.stringify(task.error));
  return task;
}

const ids = (answer) => answer.hits.map((hit) => hit.id);

test("the published client", async (t) => {
  await done(client.createIndex("films", { primaryKey: "id" }));
  await done(index.updateSettings({
    searchableAttributes: ["title", "overview"],
    filterableAttributes: ["genres", "year"],
    sortableAttributes: ["year"],
  }));
  await done(index.addDocuments([
    { id: 1, title: "Nosferatu", overview: "A vampire in Wisborg", genres: ["Horror"], year: 1922 },
    { id: 2, title: "Metropolis", overview: "A city of machines", genres: ["Science Fiction"], year: 1927 },
    { id: 3, title: "M", overview: "A city hunts a murderer", genres: ["Crime", "Thriller"], year: 1931 },
  ]));

  await t.test("search, filter, facets, pages", async () => {
    assert.deepEqual(ids(await index.search("nosfertu")), [1]);
    assert.deepEqual(ids(await index.search("city", { sort: ["year:desc"] })).sort(), [2, 3]);
    const answer = await index.search("", { filter: "year > 1925", facets: ["genres"], hitsPerPage: 1, page: 2 });
    assert.equal(answer.totalHits, 2);
    assert.deepEqual(answer.facetDistribution.genres, { Crime: 1, "Science Fiction": 1, Thriller: 1 });
    const found = await index.searchForFacetValues({ facetName: "genres", facetQuery: "scien" });
    assert.deepEqual(found.facetHits, [{ value: "Science Fiction", count: 1 }]);
  });

  await t.test("documents", async () => {
    await done(index.updateDocuments([{ id: 3, year: 1932 }]));
    assert.equal((await index.getDocument(3)).year, 1932);
    await done(index.deleteDocument(3));
    assert.equal((await index.getDocuments()).total, 2);
  });

  await t.test("keys, tenant tokens, errors", async () => {
    const key = await client.createKey({ actions: ["search"], indexes: ["films"], expiresAt: null });
    const token = await generateTenantToken({
      apiKey: key.key, apiKeyUid: key.uid, searchRules: { films: { filter: "year < 1925" } },
    });
    const tenant = new Meilisearch({ host: url, apiKey: token });
    assert.deepEqual(ids(await tenant.index("films").search("")), [1]);
    await assert.rejects(tenant.getVersion(), (error) => error.cause.code === "invalid_api_key");
    await assert.rejects(client.getIndex("nowhere"), (error) => error.cause.code === "index_not_found");
    await assert.rejects(index.search("", { filter: "title = x" }), (error) => error.cause.code === "invalid_search_filter");
  });
});
