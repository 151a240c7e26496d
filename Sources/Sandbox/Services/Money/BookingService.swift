import Codec
import Contract
import GRPCProtocol

/// Packages and prices.
enum BookingService: CloudService {
    static let name = "qdrant.cloud.booking.v1.BookingService"

    static let handlers: [String: Handler] = [
        "ListPackages": { call, request in try list(call, request) },
        "ListGlobalPackages": { call, request in try list(call, request) },
        "GetPackage": getPackage,
        "GetQuote": getQuote,
        "GetBackupQuote": getBackupQuote,
        "ListInferenceModels": listInferenceModels,
        "ListStorageTierTypes": { call, request in
            try checkRegion(request, call.catalogue)
            return call.list(
                call.catalogue.tierPrices.map { tier in
                    var message = call.response.new(.items)
                    message.set(.storageTierType, tier.tier)
                    return message
                })
        },
    ]

    // MARK: - Packages

    /// The tier of packages that an account books.
    enum Tier {
        case standard
        case premium
    }

    /// The tier of the call's account; that of everybody when there is none.
    static func tier(of call: Call) throws -> Tier {
        guard !call.account.isEmpty else { return .standard }
        let account = try call.transaction.record(.account, call.account)
        let privileges = account?.message.strings(.privileges) ?? []
        return privileges.contains("premium") ? .premium : .standard
    }

    private static func list(_ call: Call, _ request: Message) throws -> Message {
        try checkRegion(request, call.catalogue)
        let type = request.type
        let statuses = type.field(.statuses) == nil ? [] : request.list(.statuses)
        let multiAZ = type.field(.multiAz) == nil ? nil : request.optionalBool(.multiAz)
        let gpu = request.optionalBool(.gpu)
        // Without a tier the account's own is meant.
        let tier = request.optionalInteger(.tier)
        let wantsPremium = try tier.map { $0 == 2 } ?? (self.tier(of: call) == .premium)
        let minimum = try Minimum(request.message(.minResources))
        let provider = request.string(.cloudProviderID)
        let region = request.optionalString(.cloudProviderRegionID)
        let found = call.catalogue.packages.filter { package in
            guard package.provider == provider, provider == "hybrid" || package.region == region
            else { return false }
            let status = Value.enumeration(package.isActive ? 1 : 2)
            guard statuses.isEmpty ? package.isActive : statuses.contains(status) else {
                return false
            }
            guard multiAZ == nil || multiAZ == package.isMultiAZ else { return false }
            guard gpu == nil || gpu == (package.gpu > 0) else { return false }
            return package.isPremium == wantsPremium && minimum.allows(package)
        }
        return call.list(found.map { message($0, call) })
    }

    private static func getPackage(_ call: Call, _ request: Message) throws -> Message {
        let id = request.string(.id)
        let region = request.optionalString(.cloudProviderRegionID)
        guard let package = call.catalogue.package(id),
            package.provider == request.string(.cloudProviderID),
            package.region == nil || package.region == region
        else { throw APIError(.notFound, "package \(id) is not available there") }
        return call.answer(.package, message(package, call))
    }

    /// The least that a package has to have.
    private struct Minimum {
        var cpu = 0
        var ram = 0
        var disk = 0
        var gpu = 0

        init(_ filter: Message?) throws {
            guard let filter else { return }
            cpu = try Self.quantity(filter, .cpu, Quantity.millicores)
            ram = try Self.quantity(filter, .ram, Quantity.gibibytes)
            disk = try Self.quantity(filter, .disk, Quantity.gibibytes)
            gpu = try Self.quantity(filter, .gpu, Quantity.millicores)
        }

        func allows(_ package: Catalogue.Package) -> Bool {
            package.cpu >= cpu && package.ram >= ram && package.disk >= disk && package.gpu >= gpu
        }

        private static func quantity(
            _ filter: Message, _ name: FieldName, _ parse: (String) -> Int?
        ) throws -> Int {
            guard let text = filter.optionalString(name) else { return 0 }
            guard let number = parse(text) else {
                throw APIError(
                    .invalidArgument,
                    "min_resources.\(name): expected a quantity, got \"\(text)\"")
            }
            return number
        }
    }

    static func message(_ package: Catalogue.Package, _ call: Call) -> Message {
        var message = call.new("qdrant.cloud.booking.v1.Package")
        message.set(.id, package.id)
        message.set(.name, package.name)
        message.set(.type, package.isFree ? "free" : "paid")
        message.edit(.resourceConfiguration) {
            $0.set(.ram, "\(package.ram)Gi")
            $0.set(.cpu, "\(package.cpu)m")
            $0.set(.disk, "\(package.disk)Gi")
            if package.gpu > 0 {
                $0.set(.gpu, "\(package.gpu)m")
                $0.set(.gpuRam, "\(package.gpuRAM)Gi")
            }
        }
        message.set(.currency, "USD")
        message.set(.unitIntPricePerHour, package.price)
        message.setEnum(.status, package.isActive ? "ACTIVE" : "DEACTIVATED")
        message.setEnum(.tier, package.isPremium ? "PREMIUM" : "STANDARD")
        if !package.isFree {
            message.edit(.availableAdditionalResources) {
                $0.set(.diskPricePerHour, call.catalogue.diskPrice)
            }
        }
        let prices = call.catalogue.tierPrices
        let tiers = package.isFree ? Array(prices.prefix(1)) : prices
        message.set(
            .availableStorageTierConfigurations,
            tiers.map { tier in
                var entry = message.new(.availableStorageTierConfigurations)
                entry.set(.storageTierType, tier.tier)
                entry.set(.pricePerHour, tier.price)
                return entry
            })
        message.set(.multiAz, package.isMultiAZ)
        return message
    }

    // MARK: - Quotes

    private static func getQuote(_ call: Call, _ request: Message) throws -> Message {
        let id = request.string(.packageID)
        guard let package = call.catalogue.package(id),
            package.provider == request.string(.cloudProviderID),
            package.region == nil
                || package.region == request.optionalString(.cloudProviderRegionID)
        else {
            throw APIError(.invalidArgument, "package_id: package \(id) is not available there")
        }
        let nodes = request.integer(.numberOfNodes)
        let disk = request.integer(.additionalDiskGib)
        guard nodes <= 10_000, disk <= 1_000_000 else {
            throw APIError(
                .invalidArgument, "a quote covers at most 10000 nodes and 1000000 GiB of disk")
        }
        let tier = call.catalogue.tierPrices.first {
            $0.tier == max(1, request.integer(.storageTierType))
        }
        guard let tier else {
            throw APIError(.invalidArgument, "unknown storage_tier_type")
        }
        let percentage = try Discounts.percentage(
            of: call.account, at: call.now, call.transaction)
        var response = call.response
        var original = 0
        var discounted = 0
        func add(_ field: FieldName, _ price: Int, when isPresent: Bool) {
            guard isPresent else { return }
            // Half a millicent rounds up, in each component by itself.
            let reduced = Discounts.reduced(price, percentage)
            original += price
            discounted += reduced
            response.edit(field) {
                $0.set(.originalPricePerHour, price)
                $0.set(.discountedPricePerHour, reduced)
                $0.set(.discountPercentage, percentage)
            }
        }
        add(.package, package.price * nodes, when: !package.isFree)
        add(.extraDisk, call.catalogue.diskPrice * disk * nodes, when: disk > 0)
        add(.diskSpeed, tier.price * nodes, when: tier.price > 0)
        response.set(.currency, "USD")
        response.set(.originalPricePerHour, original)
        response.set(.discountedPricePerHour, discounted)
        let effective =
            original == 0 ? 0 : Double(original - discounted) / Double(original) * 100
        response.set(.discountPercentage, effective)
        return response
    }

    private static func getBackupQuote(_ call: Call, _ request: Message) throws -> Message {
        try checkRegion(request, call.catalogue)
        let size = min(request.optionalInteger(.backupSizeGib) ?? 1, 1_000_000_000)
        let price = call.catalogue.backupPrice * size
        let percentage = try Discounts.percentage(
            of: call.account, at: call.now, call.transaction)
        let reduced = Discounts.reduced(price, percentage)
        var response = call.response
        response.set(.currency, "USD")
        response.set(.originalPricePerHour, price)
        response.set(.discountedPricePerHour, reduced)
        response.set(
            .discountPercentage, price == 0 ? 0 : Double(price - reduced) / Double(price) * 100)
        return response
    }

    private static func checkRegion(_ request: Message, _ catalogue: Catalogue) throws {
        let provider = request.string(.cloudProviderID)
        let region = request.string(.cloudProviderRegionID)
        guard provider != "hybrid" else { return }
        guard catalogue.region(provider, region) != nil else {
            throw APIError(
                .invalidArgument, "cloud_provider_region_id: \(provider) has no region \(region)")
        }
    }

    // MARK: - Inference models

    private static func listInferenceModels(_ call: Call, _ request: Message) throws -> Message {
        guard request.string(.cloudProviderID) != "hybrid" else {
            throw APIError(.invalidArgument, "cloud_provider_id: hybrid clusters have no inference")
        }
        try checkRegion(request, call.catalogue)
        return call.list(
            InferenceModel.all.map { model in
                var message = call.response.new(.items)
                message.set(.id, model.id)
                message.set(.name, model.name)
                message.set(.title, String(model.name.split(separator: "/").last ?? ""))
                message.set(.description, "\(model.vendor)'s model \(model.name)")
                message.setEnum(.vectorType, model.vector)
                message.setEnum(.modality, model.modality)
                message.set(.vendor, model.vendor)
                message.set(.unitIntPrice, model.price)
                message.set(.isExternal, model.documentation != nil)
                if let dimensions = model.dimensions { message.set(.dimensionality, dimensions) }
                message.set(.maxTokensPerRequest, 512)
                if let page = model.documentation { message.set(.externalDocsURL, page) }
                return message
            })
    }
}
