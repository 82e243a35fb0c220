/// What a text is to be compared as: models of the E5 family and others tell both apart.
public enum EmbeddedRole: Sendable {
    /// What somebody asks.
    case question
    /// What a document says.
    case passage
}

/// Turns texts into vectors of unit length whose dot product says how alike they are. The engine conforms where the
/// program is put together; tests bring their own.
public protocol Embedder: Sendable {
    /// Name of the model with everything that its vectors depend on; vectors of different names do not compare.
    var name: String { get }
    /// One vector per text, all of the same length.
    func embed(_ texts: [String], as role: EmbeddedRole) async throws -> [[Float]]
}
