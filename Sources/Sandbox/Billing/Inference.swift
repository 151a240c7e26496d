/// An embedding model that clusters may use.
struct InferenceModel {
    let name: String
    let vendor: String
    let vector: String
    var modality = "TEXT"
    var dimensions: Int?
    /// Millicents for a million tokens.
    var price = 0
    var documentation: String?

    var id: String { Digest.uuid(named: "model/" + name) }

    static let all = [
        InferenceModel(
            name: "sentence-transformers/all-minilm-l6-v2", vendor: "Sentence Transformers",
            vector: "DENSE", dimensions: 384),
        InferenceModel(
            name: "intfloat/multilingual-e5-small", vendor: "intfloat", vector: "DENSE",
            dimensions: 384),
        InferenceModel(
            name: "mixedbread-ai/mxbai-embed-large-v1", vendor: "Mixedbread", vector: "DENSE",
            dimensions: 1024, price: 4000),
        InferenceModel(
            name: "qdrant/clip-vit-b-32-text", vendor: "Qdrant", vector: "DENSE", dimensions: 512,
            price: 2000),
        InferenceModel(
            name: "qdrant/clip-vit-b-32-vision", vendor: "Qdrant", vector: "DENSE",
            modality: "IMAGE", dimensions: 512, price: 2000),
        InferenceModel(name: "qdrant/bm25", vendor: "Qdrant", vector: "SPARSE"),
        InferenceModel(
            name: "prithivida/splade_pp_en_v1", vendor: "Prithivida", vector: "SPARSE",
            price: 3000),
        InferenceModel(
            name: "answerdotai/answerai-colbert-small-v1", vendor: "Answer.AI", vector: "MULTI",
            dimensions: 96),
        InferenceModel(
            name: "openai/text-embedding-3-large", vendor: "OpenAI", vector: "DENSE",
            documentation: "https://platform.openai.com/docs/guides/embeddings"),
        InferenceModel(
            name: "cohere/embed-v4.0", vendor: "Cohere", vector: "DENSE",
            documentation: "https://docs.cohere.com/docs/embeddings"),
        InferenceModel(
            name: "jinaai/jina-embeddings-v3", vendor: "Jina AI", vector: "DENSE",
            documentation: "https://jina.ai/embeddings"),
    ]
}

/// The tokens that clusters have models embed: a series of numbers that depends on the cluster, the
/// model and the hour, so that metrics and bills say the same.
enum InferenceUse {
    /// The names of the models that are used in a span.
    static func models(of span: Span) -> [String] {
        (span.facts["inference"] ?? "").split(separator: ",").map(String.init)
    }

    /// The tokens between two moments. Hours count where they begin.
    static func tokens(_ cluster: String, _ model: String, from begin: Int64, to end: Int64) -> Int
    {
        let first = (begin + Nanoseconds.hour - 1) / Nanoseconds.hour
        let last = (end + Nanoseconds.hour - 1) / Nanoseconds.hour
        guard first < last else { return 0 }
        let base = Noise.hash("\(cluster)/\(model)") % 40_000 + 10_000
        return (first..<last).reduce(0) { sum, hour in
            let share = Noise.value("\(cluster)/\(model)", Int(hour))
            return sum + Int(Double(base) * (0.5 + share))
        }
    }
}
