/// Why an adapter cannot be read, written, or used with a base.
public enum AdapterError: Error, Equatable, Sendable {
    /// Neither a PEFT folder nor a GGUF file.
    case notAnAdapter(path: String)
    /// adapter_config.json is no JSON object.
    case json(path: String, reason: String)
    case configuration(ModelConfigurationError)
    /// A setting that changes the computation in a way that nothing here follows.
    case unsupported(setting: String, value: String)
    case outOfRange(setting: String, actual: String, allowed: String)
    /// A tensor whose name is not of a module's lora_A, lora_B or lora_magnitude_vector.
    case unexpectedTensor(String)
    case missingTensor(String)
    case unsupportedType(tensor: String, type: String)
    /// Shapes as PyTorch says them: [rows, columns].
    case wrongShape(tensor: String, expected: [Int], actual: [Int])
    /// A value that is not a number: the file is damaged or the training went wrong.
    case notFinite(tensor: String)
    /// A module that the configuration's `target_modules` do not name.
    case notTargeted(module: String, targets: String)
    case noModules
    /// The adapter was made for another model than the one it is to be used with.
    case otherBase(adapterBase: String, base: String, tensor: String, expected: [Int], actual: [Int])
    case noSuchModule(module: String, adapterBase: String, base: String)
    /// GGUF adapters have words for plain LoRA only.
    case notExpressibleInGGUF(reason: String)
    case wrongGGUF(path: String, key: String, expected: String, actual: String)
    /// A regular expression that cannot be read.
    case badPattern(String, reason: String)
    case file(FileError)
    case safetensors(SafetensorsError)
    case gguf(GGUFError)
}

extension AdapterError: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .notAnAdapter(let path):
            "\(path) is no adapter: a folder with adapter_config.json and adapter_model.safetensors, or a GGUF file"
        case .json(let path, let reason): "\(path): \(reason)"
        case .configuration(let error): "adapter_config.json: \(error)"
        case .unsupported(let setting, let value):
            "the adapter's setting \(setting) = \(value) is not supported: ignoring it would compute something else"
        case .outOfRange(let setting, let actual, let allowed):
            "the adapter's setting \(setting) is \(actual), allowed is \(allowed)"
        case .unexpectedTensor(let name):
            "\(name) is no part of a LoRA or DoRA adapter: leaving it out would change the results"
        case .missingTensor(let name): "the adapter lacks the tensor \(name)"
        case .unsupportedType(let tensor, let type):
            "the adapter's tensor \(tensor) has the type \(type); F32, F16 and BF16 can be read"
        case .wrongShape(let tensor, let expected, let actual):
            "the adapter's tensor \(tensor) must have the shape \(expected), it has \(actual)"
        case .notFinite(let tensor):
            "the adapter's tensor \(tensor) holds values that are not numbers: the file is damaged"
        case .notTargeted(let module, let targets):
            "the adapter holds weights for \(module), which its target_modules (\(targets)) do not name"
        case .noModules: "the adapter holds no module"
        case .otherBase(let adapterBase, let base, let tensor, let expected, let actual):
            "the adapter was made for \(adapterBase) and does not fit \(base): \(tensor) must have the shape "
                + "\(expected), it has \(actual); use it with its own base"
        case .noSuchModule(let module, let adapterBase, let base):
            "the adapter was made for \(adapterBase) and changes \(module), which \(base) does not have; "
                + "use it with its own base"
        case .notExpressibleInGGUF(let reason):
            "a GGUF adapter cannot hold this: \(reason); merge it into its base or keep the PEFT form"
        case .wrongGGUF(let path, let key, let expected, let actual):
            "\(path): \(key) must be \(expected), it is \(actual)"
        case .badPattern(let pattern, let reason): "\"\(pattern)\" cannot be read as a regular expression: \(reason)"
        case .file(let error): error.description
        case .safetensors(let error): error.description
        case .gguf(let error): error.description
        }
    }
}
