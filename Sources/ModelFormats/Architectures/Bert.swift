extension Architecture {
    /// Encoders of the BERT family (Devlin et al., 2018); positions are a table, not a rotation.
    public static let bert = Architecture(rawValue: "bert", families: [.bert], isEncoder: true)
}

extension HuggingFaceFamily {
    static let bert = HuggingFaceFamily(
        rawValue: "bert", className: "BertModel", context: 512, epsilon: 1e-12, tiesOutput: true,
        activation: (key: "hidden_act", known: ["gelu"]), attentionBias: .stated)
}
