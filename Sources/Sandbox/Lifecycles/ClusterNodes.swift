import Codec
import Contract

/// What a cluster shows of itself: nodes, addresses, resources, capabilities.
extension ClusterLifecycle {
    static func setNode(
        _ index: Int, of record: inout Record, _ state: String, _ moment: Moment
    ) {
        let cluster = record
        let wanted = version(of: record)
        record.message.edit(.state) { clusterState in
            var nodes = clusterState.messages(.nodes)
            guard nodes.indices.contains(index), nodes[index].has(.state, value: state) else {
                return
            }
            let wasHealthy = nodes[index].enumName(.state)?.hasSuffix("_HEALTHY") ?? false
            nodes[index].setEnum(.state, state)
            if state == "HEALTHY", !wasHealthy {
                nodes[index].set(.startedAt, moment.timestamp)
                if clusterState.enumName(.phase) != "CLUSTER_PHASE_UPGRADING" {
                    nodes[index].set(.version, wanted)
                }
                nodes[index].edit(.endpoint) {
                    setEndpoint(&$0, node: index, cluster, moment.world)
                }
            }
            clusterState.set(.nodes, nodes)
            let up = nodes.filter { $0.enumName(.state)?.hasSuffix("_HEALTHY") ?? false }
            clusterState.set(.nodesUp, up.count)
        }
    }

    /// The address: that of the sandbox's own data plane, which knows the cluster from the key. The
    /// clusters of hybrid environments are out of reach, as those of a real one are.
    private static func setEndpoint(
        _ endpoint: inout Message, node: Int? = nil, _ cluster: Record, _ world: World
    ) {
        guard cluster.message.string(.cloudProviderID) != "hybrid" else {
            let namespace = cluster.hidden["namespace"] ?? "qdrant"
            let prefix = node.map { "node-\($0)-" } ?? ""
            endpoint.set(.url, "http://\(prefix)qdrant-\(cluster.id).\(namespace).svc")
            endpoint.set(.restPort, 6333)
            endpoint.set(.grpcPort, 6334)
            return
        }
        world.dataPlane.fill(&endpoint)
    }

    /// Has the addresses of a cluster be those of the present data plane, where it has any.
    static func refreshAddresses(of record: inout Record, _ world: World) {
        let cluster = record
        func refresh(_ holder: inout Message, node: Int?) {
            guard holder.message(.endpoint)?.string(.url).isEmpty == false else { return }
            holder.edit(.endpoint) { setEndpoint(&$0, node: node, cluster, world) }
        }
        record.message.edit(.state) { state in
            refresh(&state, node: nil)
            var nodes = state.messages(.nodes)
            for index in nodes.indices { refresh(&nodes[index], node: index) }
            state.set(.nodes, nodes)
        }
    }

    static func setAddress(of record: inout Record, _ world: World) {
        let cluster = record
        record.message.edit(.state) { state in
            state.edit(.endpoint) { setEndpoint(&$0, cluster, world) }
        }
    }

    static func newNode(_ index: Int, _ cluster: String, _ state: Message) -> Message {
        var node = state.new(.nodes)
        node.set(.name, "qdrant-\(cluster)-\(index)")
        node.set(.version, state.string(.version))
        node.setEnum(.state, "STARTING")
        return node
    }

    /// The state of a cluster that is being created.
    static func setState(_ record: inout Record, phase: String, _ catalogue: Catalogue) {
        let cluster = record.message
        let configuration = cluster.message(.configuration)
        let isFree = ClusterState.isFree(record, catalogue)
        let id = record.id
        let hasJWT = record.hidden["jwt"] == "1"
        record.message.edit(.state) { state in
            state.set(.version, configuration?.string(.version) ?? "")
            state.set(.nodesUp, 0)
            state.setEnum(.phase, phase)
            state.edit(.endpoint) {
                $0.set(.restPort, 6333)
                $0.set(.grpcPort, 6334)
            }
            let count = configuration?.integer(.numberOfNodes) ?? 1
            state.set(.nodes, (0..<count).map { newNode($0, id, state) })
            state.set(.jwtRbac, hasJWT)
            state.edit(.capabilities) { capabilities in
                capabilities.edit(.diskExpansion) {
                    $0.setEnum(.status, isFree ? "NOT_SUPPORTED" : "SUPPORTED")
                    if isFree { $0.set(.reason, "Free clusters keep their disk") }
                }
                capabilities.edit(.backup) {
                    $0.setEnum(.status, isFree ? "NOT_SUPPORTED" : "SUPPORTED")
                    if isFree { $0.set(.reason, "Free clusters have no backups") }
                }
                capabilities.edit(.scalabilityInfo) {
                    $0.setEnum(.status, isFree ? "NOT_SCALABLE" : "SCALABLE")
                    if isFree { $0.set(.reason, "Free clusters have one size") }
                }
            }
            state[.scalabilityInfo] = state.message(.capabilities)?[.scalabilityInfo]
        }
        setResources(&record, catalogue)
    }

    /// What each node has, from the package and the additional disk.
    static func setResources(_ record: inout Record, _ catalogue: Catalogue) {
        guard let configuration = record.message.message(.configuration),
            let package = catalogue.package(configuration.string(.packageID))
        else { return }
        record.hidden["package"] = package.id
        // What a node uses is two fifths of what it had at first, in MiB.
        if record.hidden["memory"] == nil {
            record.hidden["memory"] = "\(package.ram * 1024 * 2 / 5)"
        }
        let disk = configuration.message(.additionalResources)?.integer(.disk) ?? 0
        let cpuShare = configuration.optionalInteger(.reservedCpuPercentage) ?? 20
        let ramShare = configuration.optionalInteger(.reservedMemoryPercentage) ?? 20
        record.message.edit(.state) { state in
            state.edit(.resources) { resources in
                func fill(_ name: FieldName, _ base: Int, extra: Int = 0, share: Int = 0) {
                    resources.edit(name) {
                        let reserved = (Double(base) * Double(share)).rounded() / 100
                        $0.set(.base, Double(base))
                        $0.set(.complimentary, 0.0)
                        $0.set(.additional, Double(extra))
                        $0.set(.reserved, reserved)
                        $0.set(.available, Double(base + extra) - reserved)
                    }
                }
                fill(.disk, package.disk, extra: disk)
                fill(.ram, package.ram, share: ramShare)
                fill(.cpu, package.cpu, share: cpuShare)
                if package.gpu > 0 {
                    fill(.gpu, package.gpu)
                    fill(.gpuRam, package.gpuRAM)
                }
            }
        }
    }
}
