/// The providers, regions, packages and releases that the sandbox offers.
enum Catalogue {
    /// Where clusters may stand.
    struct Region {
        let provider: String
        let id: String
        let name: String
        let country: String
        let area: String
        let hasFreeTier: Bool
    }

    /// A size of node with its price.
    struct Package {
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
    struct Release {
        let version: String
        var isDefault = false
        var remarks: String?
        var isEndOfLife = false
        var isUnavailable = false

        /// major, minor, patch.
        var numbers: [Int] { Catalogue.numbers(of: version) }
    }

    static let providers: [(id: String, name: String)] = [
        ("aws", "Amazon Web Services"), ("azure", "Microsoft Azure"), ("gcp", "Google Cloud"),
    ]

    static let regions: [Region] = [
        Region(
            provider: "aws", id: "ap-northeast-1", name: "Tokyo", country: "JP", area: "Asia",
            hasFreeTier: false),
        Region(
            provider: "aws", id: "ap-south-1", name: "Mumbai", country: "IN", area: "Asia",
            hasFreeTier: false),
        Region(
            provider: "aws", id: "ap-southeast-1", name: "Singapore", country: "SG", area: "Asia",
            hasFreeTier: false),
        Region(
            provider: "aws", id: "ap-southeast-2", name: "Sydney", country: "AU", area: "Australia",
            hasFreeTier: false),
        Region(
            provider: "aws", id: "eu-central-1", name: "Frankfurt", country: "DE", area: "Europe",
            hasFreeTier: true),
        Region(
            provider: "aws", id: "eu-west-1", name: "Europe (Ireland)", country: "IE",
            area: "Europe", hasFreeTier: false),
        Region(
            provider: "aws", id: "eu-west-2", name: "London", country: "GB", area: "Europe",
            hasFreeTier: false),
        Region(
            provider: "aws", id: "us-east-1", name: "US East (N. Virginia)", country: "US",
            area: "North America", hasFreeTier: true),
        Region(
            provider: "aws", id: "us-west-1", name: "N. California", country: "US",
            area: "North America", hasFreeTier: false),
        Region(
            provider: "aws", id: "us-west-2", name: "Oregon", country: "US", area: "North America",
            hasFreeTier: false),
        Region(
            provider: "azure", id: "eastus", name: "Virginia", country: "US", area: "North America",
            hasFreeTier: true),
        Region(
            provider: "azure", id: "germanywestcentral", name: "Frankfurt", country: "DE",
            area: "Europe", hasFreeTier: false),
        Region(
            provider: "azure", id: "southeastasia", name: "Singapore", country: "SG", area: "Asia",
            hasFreeTier: false),
        Region(
            provider: "azure", id: "uksouth", name: "London", country: "GB", area: "Europe",
            hasFreeTier: false),
        Region(
            provider: "gcp", id: "europe-west3", name: "Frankfurt", country: "DE", area: "Europe",
            hasFreeTier: true),
        Region(
            provider: "gcp", id: "us-east4", name: "N. Virginia", country: "US",
            area: "North America", hasFreeTier: false),
    ]

    static let releases: [Release] = [
        Release(version: "v1.12.6", isEndOfLife: true, isUnavailable: true),
        Release(version: "v1.13.6", isEndOfLife: true),
        Release(version: "v1.14.1", remarks: "upgrade recommended"),
        Release(version: "v1.15.4", remarks: "upgrade recommended"),
        Release(version: "v1.16.3"), Release(version: "v1.17.1"),
        Release(version: "v1.18.1", isDefault: true),
        Release(version: "v1.19.0", remarks: "not yet rolled out", isUnavailable: true),
    ]

    /// Millicents for a GiB of extra disk and hour, and of backup and hour.
    static let diskPrice = 14
    static let backupPrice = 5

    /// What a faster disk costs more, in millicents for a node and hour, by storage tier.
    static let tierPrices: [(tier: Int, price: Int)] = [(1, 0), (2, 1200), (3, 4800)]

    /// The rows that every region sells: name, millicores, GiB of RAM, GiB of disk.
    private static let sizes: [(name: String, cpu: Int, ram: Int, disk: Int)] = [
        ("gpx1", 500, 2, 8), ("gpx2", 1000, 4, 16), ("gpx3", 2000, 8, 32),
        ("gpx4", 4000, 16, 64), ("gpx5", 8000, 32, 128), ("gpx6", 16000, 64, 256),
        ("mx1", 500, 4, 16), ("mx2", 1000, 8, 32), ("mx3", 2000, 16, 64),
        ("mx4", 4000, 32, 128), ("mx5", 8000, 64, 256), ("mx6", 16000, 128, 512),
    ]

    private static let multiAZ: [(name: String, cpu: Int, ram: Int, disk: Int, price: Int)] = [
        ("p-maz3", 2000, 12, 64, 22_370), ("p-maz4", 4000, 24, 128, 44_740),
        ("p-maz5", 8000, 48, 256, 89_480), ("p-maz6", 16000, 96, 512, 178_960),
    ]

    /// 4000 for a vCPU, 750 for a GiB of RAM, 14 for a GiB of disk: what the one price that is
    /// known for sure comes to.
    static func price(cpu: Int, ram: Int, disk: Int) -> Int {
        cpu * 4 + ram * 750 + disk * diskPrice
    }

    /// All packages of all regions.
    static let packages: [Package] = {
        var all: [Package] = []
        for region in regions {
            func add(
                _ name: String, _ cpu: Int, _ ram: Int, _ disk: Int, price: Int,
                _ change: (inout Package) -> Void = { _ in }
            ) {
                let key = "\(region.provider)/\(region.id)/\(name)"
                let id =
                    key == "gcp/us-east4/mx6"
                    ? "2b194353-30d4-4c76-8b4d-4d7dd04a82a6" : Digest.uuid(named: "package/" + key)
                var package = Package(
                    id: id, name: name, cpu: cpu, ram: ram, disk: disk, price: price,
                    provider: region.provider, region: region.id)
                change(&package)
                all.append(package)
            }
            if region.hasFreeTier { add("free2", 500, 1, 4, price: 0) }
            for size in sizes {
                let price = price(cpu: size.cpu, ram: size.ram, disk: size.disk)
                add(size.name, size.cpu, size.ram, size.disk, price: price)
                add("p-" + size.name, size.cpu, size.ram, size.disk, price: price * 5 / 4) {
                    $0.isPremium = true
                }
            }
            for size in multiAZ {
                add(size.name, size.cpu, size.ram, size.disk, price: size.price) {
                    $0.isPremium = true
                    $0.isMultiAZ = true
                }
            }
            if region.provider == "aws", ["us-east-1", "us-west-2"].contains(region.id) {
                add("gpu1", 4000, 32, 128, price: price(cpu: 4000, ram: 32, disk: 128) + 80_000) {
                    $0.gpu = 1000
                    $0.gpuRAM = 24
                }
            }
            add("old1", 1000, 2, 8, price: 5612) { $0.isActive = false }
        }
        for size in sizes {
            let price = price(cpu: size.cpu, ram: size.ram, disk: size.disk) / 2
            let name = "hc-" + size.name
            all.append(
                Package(
                    id: Digest.uuid(named: "package/hybrid/" + name), name: name, cpu: size.cpu,
                    ram: size.ram, disk: size.disk, price: price, provider: "hybrid", region: nil))
        }
        return all
    }()

    private static let packagesByID = Dictionary(
        packages.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })

    /// The package with an id.
    static func package(_ id: String) -> Package? { packagesByID[id.lowercased()] }

    /// What a cluster of a package is restored to: the same, or the smallest that is sold and has no
    /// less.
    static func successor(of package: Package) -> Package? {
        if package.isActive { return package }
        return packages.filter {
            $0.isActive && $0.provider == package.provider && $0.region == package.region
                && $0.isPremium == package.isPremium && $0.isMultiAZ == package.isMultiAZ
                && $0.cpu >= package.cpu && $0.ram >= package.ram && $0.disk >= package.disk
                && $0.gpu >= package.gpu && !$0.isFree
        }.min { $0.price < $1.price }
    }

    /// The region of a provider.
    static func region(_ provider: String, _ id: String) -> Region? {
        regions.first { $0.provider == provider && $0.id == id }
    }

    /// The release with a version.
    static func release(_ version: String) -> Release? { releases.first { $0.version == version } }

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
