extension ServedModels {
    /// Why a name cannot be used where a client asked: it is not served (404), or is served at other paths (400).
    ///
    /// - Parameter fitting: the names that could be used there.
    func refusal(of name: String, fitting: [String]) -> OpenAIError {
        guard let purpose = purpose(of: name) else { return .unknownModel(name, known: fitting) }
        let others = fitting.isEmpty ? "none is served" : fitting.joined(separator: ", ")
        return .invalid("model", "'\(name)' is \(purpose). Models for this path: \(others).")
    }

    /// What a name is and the path that it is for; nil where it is not served.
    private func purpose(of name: String) -> String? {
        if assistants[name] != nil { return "an assistant: ask it at /v1/chat/completions" }
        if engines[name] != nil { return "a model that writes text: use /v1/chat/completions or /v1/completions" }
        if embedders[name] != nil { return "an embedding model: use /v1/embeddings" }
        return rerankers[name] != nil ? "a reranker: use /v1/rerank" : nil
    }
}
