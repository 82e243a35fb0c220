public import Inference
public import Retrieval

/// A sentence embedder as retrieval uses one: questions and passages get the words before them that the model was
/// trained with.
public struct ModelEmbedder: Embedder {
    /// Model, dimensions and the form of what is embedded; an index is searched with the embedder that built it.
    public let name: String
    /// What computes.
    public let embedder: SentenceEmbedder
    private let prefixes: (question: String, passage: String)

    /// Changes whenever other texts are embedded than before, so that old vectors are not compared with new ones.
    private static let form = 1

    /// - Parameter embedder: a model of the E5 family gets `query: ` and `passage: `; GGUF has no key that says so, the
    ///   name tells.
    public init(_ embedder: SentenceEmbedder) {
        self.embedder = embedder
        name = Self.space(model: embedder.name, dimensions: embedder.dimensions)
        let isE5 = embedder.name.lowercased().contains("e5")
        prefixes = isE5 ? ("query: ", "passage: ") : ("", "")
    }

    /// The name of the space of a model's vectors.
    public static func space(model: String, dimensions: Int) -> String { "\(model)/\(dimensions)/\(form)" }

    /// The model that a space's name names.
    public static func model(ofSpace space: String) -> String {
        space.split(separator: "/").dropLast(2).joined(separator: "/")
    }

    /// One unit vector per text.
    public func embed(_ texts: [String], as role: EmbeddedRole) async throws -> [[Float]] {
        let prefix =
            switch role {
            case .question: prefixes.question
            case .passage: prefixes.passage
            }
        return try await embedder.embed(texts.map { prefix + $0 })
    }
}
