import ModelFormats

extension AdapterError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .notAnAdapter(let path):
            "\(path) 不是适配器：应为含 adapter_config.json 和 adapter_model.safetensors 的目录，或 GGUF 文件"
        case .json(let path, let reason): "\(path)：\(reason)"
        case .configuration(let error): "adapter_config.json：\(Failure.chinese(error))"
        case .unsupported(let setting, let value): "适配器的设置 \(setting) = \(value) 不支持：忽略它会算出别的结果"
        case .outOfRange(let setting, let actual, let allowed): "适配器的设置 \(setting) 为 \(actual)，允许 \(allowed)"
        case .unexpectedTensor(let name): "\(name) 不属于 LoRA 或 DoRA 适配器：忽略它会改变结果"
        case .missingTensor(let name): "适配器缺少张量 \(name)"
        case .unsupportedType(let tensor, let type): "适配器的张量 \(tensor) 类型为 \(type)；可读 F32、F16、BF16"
        case .wrongShape(let tensor, let expected, let actual):
            "适配器的张量 \(tensor) 形状应为 \(expected)，实际为 \(actual)"
        case .notFinite(let tensor): "适配器的张量 \(tensor) 含有非数值：文件已损坏"
        case .notTargeted(let module, let targets):
            "适配器含有 \(module) 的权重，而 target_modules（\(targets)）没有列出它"
        case .noModules: "适配器中没有任何模块"
        case .otherBase(let adapterBase, let base, let tensor, let expected, let actual):
            "适配器是为 \(adapterBase) 训练的，与 \(base) 不合：\(tensor) 形状应为 \(expected)，实际为 \(actual)；"
                + "请与它自己的底座一起使用"
        case .noSuchModule(let module, let adapterBase, let base):
            "适配器是为 \(adapterBase) 训练的，改动 \(module)，而 \(base) 没有它；请与它自己的底座一起使用"
        case .notExpressibleInGGUF(let reason): "GGUF 适配器装不下：\(reason)；请合并到底座，或保留 PEFT 形式"
        case .wrongGGUF(let path, let key, let expected, let actual): "\(path)：\(key) 应为 \(expected)，实际为 \(actual)"
        case .badPattern(let pattern, let reason): "“\(pattern)” 不是可读的正则表达式：\(reason)"
        case .file(let error): error.chinese
        case .safetensors(let error): Failure.chinese(error)
        case .gguf(let error): Failure.chinese(error)
        }
    }
}
