extension Architecture {
    /// Encoders of the BERT family (Devlin et al., 2018); positions are a table, not a rotation.
    ///
    /// RoBERTa (Liu et al., 2019) and XLM-RoBERTa (Conneau et al., 2020) compute the same and are stored under the same
    /// name in GGUF; they count positions in another way and have another head.
    public static let bert = Architecture(
        rawValue: "bert", families: [.bert, .xlmRoberta, .roberta], isEncoder: true)
}

extension HuggingFaceFamily {
    static let bert = HuggingFaceFamily(
        rawValue: "bert", className: "BertModel", context: 512, epsilon: 1e-12, tiesOutput: true,
        activation: (key: "hidden_act", known: ["gelu"]), attentionBias: .stated,
        encoder: EncoderKeys(prefix: "bert.", head: ["pooler.dense": "cls", "classifier": "cls.output"]))

    static let xlmRoberta = robertaLike("xlm-roberta", "XLMRobertaModel")

    static let roberta = robertaLike("roberta", "RobertaModel")

    private static func robertaLike(_ type: String, _ className: String) -> HuggingFaceFamily {
        HuggingFaceFamily(
            rawValue: type, className: className, context: 512, epsilon: 1e-12, tiesOutput: true,
            activation: (key: "hidden_act", known: ["gelu"]), attentionBias: .stated,
            encoder: EncoderKeys(
                prefix: "roberta.", head: ["classifier.dense": "cls", "classifier.out_proj": "cls.output"],
                paddingID: 1))
    }
}
