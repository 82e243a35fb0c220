import ArgumentParser
import Foundation

/// `pallet`: commands and composition, no logic. Each command reads its options, calls one entry type and prints.
@main
struct Pallet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pallet",
        abstract: text(
            "把公司自己的语言模型建起来、验证好、跑起来。", "Builds, proves and runs a company's own language model."),
        version: "0.1.0",
        subcommands: [
            DemoCommand.self, ServeCommand.self, AskCommand.self, ChatCommand.self, ModelCommand.self,
            CorpusCommand.self, IndexCommand.self, TrainCommand.self, SearchCommand.self, SiteCommand.self,
            GenerateCommand.self, EmbedCommand.self, RerankCommand.self, TokenizerCommand.self, BenchCommand.self,
            KeyCommand.self,
        ])

    static func main() async {
        // A reader that goes away (`pallet search … | head`) ends the program; it does not kill it with a signal
        // while a file is half written.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            Failure.report(error)
        }
    }
}
