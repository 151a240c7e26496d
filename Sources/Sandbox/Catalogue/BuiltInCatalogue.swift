/// The packages, regions and releases that a sandbox offers by itself.
extension Catalogue {
    static let builtIn = Catalogue(
        providers: knownProviders, regions: knownRegions, releases: knownReleases,
        packages: knownPackages, diskPrice: knownDiskPrice, backupPrice: 5,
        tierPrices: [(1, 0), (2, 1200), (3, 4800)])

    private static let knownProviders: [(id: String, name: String)] = [
        ("aws", "Amazon Web Services"), ("azure", "Microsoft Azure"), ("gcp", "Google Cloud"),
    ]

    private static let knownRegions: [Region] = [
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
            hasFreeTier: true, hasSpaces: true),
        Region(
            provider: "aws", id: "eu-west-1", name: "Europe (Ireland)", country: "IE",
            area: "Europe", hasFreeTier: false),
        Region(
            provider: "aws", id: "eu-west-2", name: "London", country: "GB", area: "Europe",
            hasFreeTier: false),
        Region(
            provider: "aws", id: "us-east-1", name: "US East (N. Virginia)", country: "US",
            area: "North America", hasFreeTier: true, hasSpaces: true),
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

    private static let knownReleases: [Release] = [
        Release(version: "v1.12.6", isEndOfLife: true, isUnavailable: true),
        Release(version: "v1.13.6", isEndOfLife: true),
        Release(version: "v1.14.1", remarks: "upgrade recommended"),
        Release(version: "v1.15.4", remarks: "upgrade recommended"),
        Release(version: "v1.16.3"), Release(version: "v1.17.1"),
        Release(version: "v1.18.1", isDefault: true),
        Release(version: "v1.19.0", remarks: "not yet rolled out", isUnavailable: true),
    ]

    private static let knownDiskPrice = 14

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
    private static func price(cpu: Int, ram: Int, disk: Int) -> Int {
        cpu * 4 + ram * 750 + disk * knownDiskPrice
    }

    private static let knownPackages: [Package] = {
        var all: [Package] = []
        for region in knownRegions {
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
}
