/// The providers, regions, packages and releases that a cloud offers.
struct Catalogue: Sendable {
    /// Where clusters may stand.
    struct Region: Sendable {
        let provider: String
        let id: String
        let name: String
        let country: String
        let area: String
        let hasFreeTier: Bool
        /// Whether serverless spaces are on offer there.
        var hasSpaces = false
    }

    /// A size of node with its price.
    struct Package: Sendable {
        let id: String
        let name: String
        /// Millicores.
        let cpu: Int
        /// GiB.
        let ram: Int
        /// GiB.
        let disk: Int
        /// Millicores of GPU; 0 for none.
        var gpu = 0
        /// GiB of GPU memory.
        var gpuRAM = 0
        /// Millicents for a node and hour.
        let price: Int
        var isPremium = false
        var isMultiAZ = false
        var isActive = true
        let provider: String
        /// nil for packages of hybrid environments.
        let region: String?

        var isFree: Bool { price == 0 }
    }

    /// A version of the database.
    struct Release: Sendable {
        let version: String
        var isDefault = false
        var remarks: String?
        var isEndOfLife = false
        var isUnavailable = false

        /// major, minor, patch.
        var numbers: [Int] { Catalogue.numbers(of: version) }
    }

    /// Providers with their names, in the order of lists.
    let providers: [(id: String, name: String)]
    let regions: [Region]
    /// Releases, the oldest first.
    let releases: [Release]
    /// Millicents for a GiB of extra disk and hour.
    let diskPrice: Int
    /// Millicents for a GiB of backup and hour.
    let backupPrice: Int
    /// The surcharge of a faster disk in millicents for a node and hour, by storage tier.
    let tierPrices: [(tier: Int, price: Int)]
    /// All packages of all regions.
    let packages: [Package]
    private let packagesByID: [String: Package]

    /// Creates a catalogue.
    init(
        providers: [(id: String, name: String)], regions: [Region], releases: [Release],
        packages: [Package], diskPrice: Int, backupPrice: Int,
        tierPrices: [(tier: Int, price: Int)]
    ) {
        self.providers = providers
        self.regions = regions
        self.releases = releases
        self.packages = packages
        self.diskPrice = diskPrice
        self.backupPrice = backupPrice
        self.tierPrices = tierPrices
        packagesByID = Dictionary(
            packages.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The release that new clusters get.
    var defaultRelease: Release? { releases.first(where: \.isDefault) }

    /// The package with an id.
    func package(_ id: String) -> Package? { packagesByID[id.lowercased()] }

    /// The package that a cluster is restored to: the same, or if it is no longer sold, the
    /// cheapest with at least the same resources.
    func successor(of package: Package) -> Package? {
        if package.isActive { return package }
        return packages.filter {
            $0.isActive && $0.provider == package.provider && $0.region == package.region
                && $0.isPremium == package.isPremium && $0.isMultiAZ == package.isMultiAZ
                && $0.cpu >= package.cpu && $0.ram >= package.ram && $0.disk >= package.disk
                && $0.gpu >= package.gpu && !$0.isFree
        }.min { $0.price < $1.price }
    }

    /// The region of a provider.
    func region(_ provider: String, _ id: String) -> Region? {
        regions.first { $0.provider == provider && $0.id == id }
    }

    /// The regions of serverless spaces.
    var serverlessRegions: [Region] { regions.filter(\.hasSpaces) }

    /// The region of a provider, if serverless spaces are on offer there.
    func serverlessRegion(_ provider: String, _ id: String) -> Region? {
        region(provider, id).flatMap { $0.hasSpaces ? $0 : nil }
    }

    /// The release with a version.
    func release(_ version: String) -> Release? { releases.first { $0.version == version } }

    /// `v1.18.1` → [1, 18, 1].
    static func numbers(of version: String) -> [Int] {
        version.drop { $0 == "v" }.split(separator: ".").map { Int($0) ?? 0 }
    }

    /// Whether a version is at least major.minor.
    static func isAtLeast(_ version: String, _ major: Int, _ minor: Int) -> Bool {
        let numbers = numbers(of: version)
        guard numbers.count >= 2 else { return false }
        return numbers[0] > major || (numbers[0] == major && numbers[1] >= minor)
    }
}
