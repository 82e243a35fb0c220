import ArgumentParser
import Foundation
import Service
import Storage

/// `pallet key`: API keys. A key is shown once and kept only as its hash.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: text("API 密钥", "API keys."), subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: text("生成密钥（只显示一次）", "Makes a key, shown once."))
        @Option(help: ArgumentHelp(text("用途", "what it is for"))) var label = ""
        @OptionGroup var home: HomeOptions

        func run() async throws {
            let database = try PalletDatabase.open(home: try home.folder.created().url)
            var generator = SystemRandomNumberGenerator()
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
            // 43 characters of 62 are 256 bits.
            let key =
                "sk-" + String((0..<43).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
            _ = try await database.apiKeys.addKey(
                hash: AccessPolicy.hash(key), prefix: String(key.prefix(8)), label: label)
            Output.line(key)
            Output.note(text("请立即保存：此后只存其哈希。", "Keep it now: from here on only its hash is stored."))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: text("列出密钥", "Lists the keys."))
        @OptionGroup var home: HomeOptions
        @Flag var json = false

        func run() async throws {
            let keys = try await PalletDatabase.open(home: home.folder.url, access: .readOnly).apiKeys.allKeys()
            if json { return try Output.json(keys) }
            var table = Table(header: [
                "#", text("前缀", "prefix"), text("用途", "label"), text("创建", "created"), text("吊销", "revoked"),
            ])
            for key in keys {
                table.add(["\(key.id)", key.prefix + "…", key.label, key.createdAt, key.revokedAt ?? "–"])
            }
            Output.line(table.description)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: text("吊销密钥", "Revokes a key."))
        @Argument(help: "#") var id: Int64
        @OptionGroup var home: HomeOptions

        func run() async throws {
            guard try await PalletDatabase.open(home: home.folder.url).apiKeys.revokeKey(id: id) else {
                throw Failure(.noInput, "没有可吊销的密钥 \(id)", "there is no key \(id) to revoke")
            }
        }
    }
}
