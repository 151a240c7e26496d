import TestSupport
import Testing

/// "Absent is not empty": what a script leaves out, sets to nothing or clears is three things, from
/// the table to the server and back.
@Suite struct PresenceTests {
    private func check(_ script: String) throws {
        let result = try qcsh(["--sandbox", "-"], input: script + "\nprint('done')\n")
        #expect(result.output.hasSuffix("done\n") && result.status == 0, "\(result.errors)")
    }

    @Test func whatIsAbsentStaysAbsentThroughARoundTrip() throws {
        try check(
            """
            local api = qdrant.api.cluster
            local c = api.list_clusters {}.items[1]
            local full = api.get_cluster { cluster_id = c.id }.cluster
            -- Reading an unset message or optional field gives nil and sets nothing.
            assert(full.configuration.gpu_configuration == nil)
            local names = {}
            for name in pairs(full.configuration) do names[name] = true end
            assert(not names.gpu_configuration and not names.service_type)
            -- The answer goes back as a request unchanged.
            local before = json.encode(full)
            assert(before == json.encode(api.get_cluster { cluster_id = c.id }.cluster))
            assert(not before:find("gpuConfiguration"))
            """)
    }

    @Test func anUpdateTouchesWhatItNamesOnly() throws {
        try check(
            """
            local api = qdrant.api.cluster
            local c = api.list_clusters {}.items[1]
            local before = api.get_cluster { cluster_id = c.id }.cluster
            local change = { id = c.id, name = "other-name" }
            api.update_cluster { cluster = change, update_mask = { "name" } }
            local after = api.get_cluster { cluster_id = c.id }.cluster
            assert(after.name == "other-name")
            assert(json.encode(after.configuration) == json.encode(before.configuration)
              or after.configuration.number_of_nodes == before.configuration.number_of_nodes)
            assert(#after.labels == #before.labels)
            -- An empty list that is named clears; one that is not named does nothing.
            api.update_cluster { cluster = { id = c.id, labels = {} }, update_mask = { "labels" } }
            assert(#api.get_cluster { cluster_id = c.id }.cluster.labels == 0)
            """)
    }

    @Test func clearingIsSaidWithNull() throws {
        try check(
            """
            local mask = qdrant.mask { name = "x", configuration = { version = qdrant.null,
              database_configuration = { collection = { replication_factor = 2 } } } }
            table.sort(mask)
            assert(table.concat(mask, " ") == "configuration.database_configuration.collection.replication_factor "
              .. "configuration.version name", table.concat(mask, " "))
            assert(json.encode { a = qdrant.null, b = json.list() } == '{"a":null,"b":[]}')
            assert(json.decode('{"a":null}').a == qdrant.null)
            """)
    }

    @Test func twoArmsOfAOneofAreRefused() throws {
        try check(
            """
            local ok, e = pcall(qdrant.api.cluster.auth.create_database_api_key, { database_api_key = {
              cluster_id = "0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1", name = "app",
              access_rules = { { global_access = { access_type = "MANAGE" },
                collection_access = { collection_name = "c", access_type = "READ_WRITE" } } } } })
            assert(not ok and e.origin == "local", tostring(e))
            """)
    }

    /// Zero, false and the empty text of a field without presence are its defaults: they are not sent,
    /// and read as what they are.
    @Test func defaultsReadAsThemselves() throws {
        try check(
            """
            local c = qdrant.api.cluster.list_clusters {}.items[1]
            assert(c.configuration.gpu_type == nil)
            c.name = ""
            assert(c.name == "" and json.decode(json.encode(c)).name == nil)
            """)
    }
}
