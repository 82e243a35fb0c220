import ArgumentParser

@main
struct Pallet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pallet")
}
