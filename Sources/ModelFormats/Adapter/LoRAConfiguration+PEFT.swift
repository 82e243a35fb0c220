extension LoRAConfiguration {
    /// Largest adapter_config.json.
    static let maximumFile = 4 << 20

    /// Fields that say nothing about the computation with finished weights, whatever they hold.
    private static let harmless: Set<String> = [
        "auto_mapping", "base_model_name_or_path", "exclude_modules", "inference_mode", "layers_pattern",
        "layers_to_transform", "megatron_core", "peft_version", "qalora_group_size", "revision", "task_type",
        "ensure_weight_tying", "runtime_config",
    ]
    /// Initialisations that leave the base's weights as they are.
    private static let plainInitialisations: Set<String> = ["gaussian", "eva", "orthogonal", "mica"]

    /// From the members of adapter_config.json.
    ///
    /// What is not known is refused unless it is null, false or empty: it might change the results.
    init(peft members: [String: JSONValue]) throws(AdapterError) {
        let object = JSONObject(members)
        do {
            let kind = try object.string("peft_type")
            guard kind == nil || kind == "LORA" else { throw AdapterError.unsupported("peft_type", members) }
            let rank = try object.required("r")
            self.init(
                rank: rank, alpha: try object.number("lora_alpha") ?? 8,
                targets: try Self.targets(members["target_modules"]),
                usesRankStabilisedScale: try object.bool("use_rslora") ?? false,
                usesDoRA: try object.bool("use_dora") ?? false, dropout: try object.number("lora_dropout") ?? 0,
                baseName: try object.string("base_model_name_or_path"),
                rankPattern: try Self.table(object, "rank_pattern", "an integer") { $0.integer },
                alphaPattern: try Self.table(object, "alpha_pattern", "a number") { $0.double })
            if let bias = try object.string("bias"), bias != "none" {
                throw AdapterError.unsupported("bias", members)
            }
        } catch let error as ModelConfigurationError {
            throw .configuration(error)
        } catch let error as AdapterError {
            throw error
        } catch {
            throw .json(path: "adapter_config.json", reason: "\(error)")
        }
        try Self.refuseUnknown(members)
        try validate()
    }

    private static func refuseUnknown(_ members: [String: JSONValue]) throws(AdapterError) {
        let read: Set<String> = [
            "peft_type", "r", "lora_alpha", "target_modules", "use_rslora", "use_dora", "lora_dropout", "bias",
            "rank_pattern", "alpha_pattern",
        ]
        for (key, value) in members.sorted(by: { $0.key < $1.key }) where !read.contains(key) && !isNothing(value) {
            if key == "init_lora_weights" {
                // Others (PiSSA, OLoRA, LoftQ …) take their first A and B out of the base, which is another one then.
                if value == .bool(true) { continue }
                if let kind = value.string, plainInitialisations.contains(kind) { continue }
                throw .unsupported(key, members)
            }
            guard harmless.contains(key) else { throw .unsupported(key, members) }
        }
    }

    private static func isNothing(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .bool(false): true
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        case .string(let text): text.isEmpty
        case .bool(true), .integer, .number: false
        }
    }

    private static func targets(_ value: JSONValue?) throws(ModelConfigurationError) -> Targets {
        switch value {
        case .array(let elements):
            let names = elements.compactMap(\.string)
            guard names.count == elements.count else {
                throw .wrongType(key: "target_modules", expected: "an array of strings", actual: "another array")
            }
            return .names(names.sorted())
        case .string("all-linear"): return .allLinear
        case .string(let pattern): return .pattern(pattern)
        case nil, .null: throw .missing(key: "target_modules")
        case .some(let other):
            throw .wrongType(key: "target_modules", expected: "an array or a string", actual: other.kind)
        }
    }

    private static func table<Value>(
        _ object: JSONObject, _ key: String, _ expected: String, _ read: (JSONValue) -> Value?
    ) throws(ModelConfigurationError) -> [String: Value] {
        var result: [String: Value] = [:]
        for (name, value) in try object.object(key)?.members ?? [:] {
            guard let found = read(value) else {
                throw .wrongType(key: "\(key) of \(name)", expected: expected, actual: value.kind)
            }
            result[name] = found
        }
        return result
    }

    /// adapter_config.json as PEFT reads it.
    var peftText: String {
        let targets: JSONValue =
            switch targets {
            case .names(let names): .array(names.map { .string($0) })
            case .allLinear: .string("all-linear")
            case .pattern(let pattern): .string(pattern)
            }
        let members: [String: JSONValue] = [
            "peft_type": .string("LORA"), "task_type": .string("CAUSAL_LM"), "inference_mode": .bool(true),
            "base_model_name_or_path": baseName.map { .string($0) } ?? .null, "r": .integer(rank),
            "lora_alpha": Self.number(alpha), "lora_dropout": .number(dropout), "target_modules": targets,
            "bias": .string("none"), "use_rslora": .bool(usesRankStabilisedScale), "use_dora": .bool(usesDoRA),
            "fan_in_fan_out": .bool(false), "init_lora_weights": .bool(true), "modules_to_save": .null,
            "rank_pattern": .object(rankPattern.mapValues { .integer($0) }),
            "alpha_pattern": .object(alphaPattern.mapValues { Self.number($0) }), "revision": .null,
            "layers_to_transform": .null, "layers_pattern": .null,
        ]
        return JSONValue.object(members).text(indented: true) + "\n"
    }

    /// A whole number is written as one: PEFT's own files have integers there.
    private static func number(_ value: Double) -> JSONValue {
        Int(exactly: value).map { .integer($0) } ?? .number(value)
    }
}

extension AdapterError {
    /// A refused field, shown with its value.
    static func unsupported(_ key: String, _ members: [String: JSONValue]) -> AdapterError {
        let text = members[key]?.text(indented: false) ?? "null"
        return .unsupported(setting: key, value: text.count > 60 ? text.prefix(60) + "…" : text)
    }
}
