import ArgumentParser
import Foundation
import ModelFormats

/// `--adapter`: what was learned beside the model, the same in every command.
struct AdapterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            text(
                "微调得到的适配器：PEFT 目录、GGUF 适配器文件，或主目录 adapters/ 下的名称",
                "adapter: PEFT folder, GGUF adapter file, or a name below adapters/ of the home"),
            valueName: "adapter"))
    var adapter: String?
}

/// From what a user calls an adapter to the adapter.
struct AdapterLoading {
    let home: Home

    /// Where an adapter lies: the path itself, the `adapter` folder of a run's output, or a name in the home.
    func locate(_ name: String) throws -> URL {
        let named = home.url.appendingPathComponent("adapters").appendingPathComponent(name)
        for url in [URL(fileURLWithPath: name), named] where FileManager.default.fileExists(atPath: url.path) {
            let inner = url.appendingPathComponent("adapter")
            let isOutput = FileManager.default.fileExists(
                atPath: inner.appendingPathComponent("adapter_config.json").path)
            let isAdapter = FileManager.default.fileExists(
                atPath: url.appendingPathComponent("adapter_config.json").path)
            return isOutput && !isAdapter ? inner : url
        }
        throw Failure(
            .noInput, "没有适配器 \(name)：应为 PEFT 目录、GGUF 文件，或 \(home.url.path)/adapters 下的名称",
            "there is no adapter \(name): name a PEFT folder, a GGUF file, or one below \(home.url.path)/adapters")
    }

    /// The adapter, checked against its base.
    func read(_ name: String, for base: ModelFile) throws -> LoRAAdapter {
        let adapter = try LoRAAdapter.read(try locate(name), configuration: base.configuration)
        try adapter.check(against: base)
        return adapter
    }

    /// The name that clients use for a base with this adapter: the folder's, or that of the folder around it where
    /// it is called `adapter`, as training calls it.
    func servedName(_ name: String) throws -> String {
        var url = try locate(name).standardizedFileURL
        if url.lastPathComponent == "adapter" { url.deleteLastPathComponent() }
        return url.pathExtension == "gguf" ? url.deletingPathExtension().lastPathComponent : url.lastPathComponent
    }
}
