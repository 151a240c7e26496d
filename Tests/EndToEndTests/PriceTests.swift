import TestSupport
import Testing

/// `--max-hourly-price`: what costs more is not asked for.
@Suite struct PriceTests {
    private static let script = """
        local api, region = qdrant.api, "eu-central-1"
        local package
        for _, p in ipairs(api.booking.list_packages {
          cloud_provider_id = "aws", cloud_provider_region_id = region }.items) do
          if p.unit_int_price_per_hour > 0 and (not package
            or p.unit_int_price_per_hour < package.unit_int_price_per_hour) then package = p end
        end
        local function try(what, method, request)
          local ok, e = pcall(method, request)
          print(what, ok or e.origin .. " " .. e.code .. " " .. e.message:gsub("%d+%.%d+ USD", "N USD"))
          return ok and e
        end
        local function create(nodes, disk)
          return try("create", api.cluster.create_cluster, { cluster = {
            name = "priced-" .. nodes, cloud_provider_id = "aws", cloud_provider_region_id = region,
            configuration = { number_of_nodes = nodes, package_id = package.id,
              additional_resources = disk and { disk = disk } } } })
        end

        """

    private func run(_ sandbox: RunningSandbox, _ limit: String, _ code: String) throws
        -> ProgramResult
    {
        try qcsh(
            ["--endpoint", sandbox.endpoint, "--max-hourly-price", limit, "-"],
            input: Self.script + code, environment: ["QDRANT_CLOUD_API_KEY": sandbox.key])
    }

    @Test func whatCostsTooMuchDoesNotLeave() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let refused =
            "create\tbound FAILED_PRECONDITION it would cost N USD per hour; --max-hourly-price "
            + "allows 0.05\n"
        // One node of the cheapest package is below the limit; several, or more disk, are above it.
        let result = try run(sandbox, "0.05", "create(1)\ncreate(9)\ncreate(1, 5000)")
        #expect(result.output == "create\ttrue\n" + refused + refused, "\(result.errors)")
        let calls = try sandbox.admin("GET", "/calls")
        #expect(
            calls.components(separatedBy: "CreateCluster").count == 2
                || calls.components(separatedBy: "create_cluster").count == 2, "\(calls)")
    }

    @Test func scalingIsQuotedByWhatItWouldBecome() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let result = try run(
            sandbox, "0.05",
            """
            local c = create(1).cluster
            local function scale(request, mask)
              request.id = c.id
              return try("scale", api.cluster.update_cluster, { cluster = request, update_mask = mask })
            end
            scale({ configuration = { number_of_nodes = 9 } }, { "configuration.number_of_nodes" })
            scale({ name = "priced-again" }, { "name" })
            """)
        #expect(
            result.output
                == "create\ttrue\nscale\tbound FAILED_PRECONDITION it would cost N USD per hour; "
                + "--max-hourly-price allows 0.05\nscale\ttrue\n", "\(result.errors)")
    }

    @Test func withoutAPriceNothingIsBought() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        try sandbox.admin(
            "POST", "/faults",
            #"{"method":"booking.get_quote","status":"INTERNAL","message":"broken"}"#)
        let result = try run(sandbox, "1000", "create(1)")
        #expect(result.output.contains("its price cannot be determined (--max-hourly-price)"))
        #expect(
            try sandbox.qcsh("return #qdrant.api.cluster.list_clusters{}.items").output == "2\n")
    }

    @Test func aRefusalEndsAScriptWithThree() throws {
        let result = try qcsh(
            ["--sandbox", "--max-hourly-price", "0.001", "-"],
            input: Self.script
                + "api.cluster.create_cluster { cluster = { name = 'priced', cloud_provider_id = 'aws', cloud_provider_region_id = region, configuration = { number_of_nodes = 1, package_id = package.id } } }"
        )
        #expect(result.status == 3, "\(result.errors)")
        #expect(try qcsh(["--max-hourly-price", "-1", "-e", "1"]).status == 2)
    }
}
