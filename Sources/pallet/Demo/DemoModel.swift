import Foundation
import ModelHub

/// The model of the demo: the default one, or, where no source of it can be reached, a model of 1 MB that shows
/// everything but sense.
struct DemoModel {
    struct Located {
        /// What `ModelLoading` takes.
        let model: String
        /// What clients ask for.
        let served: String
        /// False for the 1 MB model, which writes children's stories and holds no chat.
        let isChatModel: Bool
    }

    let home: Home
    /// Beside the examples.
    static let testModel = "Examples/models/stories260K.gguf"

    func locate(_ name: String?) async throws -> Located {
        if let name {
            return Located(model: name, served: ModelLoading.servedName(name), isChatModel: true)
        }
        do {
            let model = try await ModelPulling(home: home).pull(nil)
            return Located(model: model.name, served: model.name, isChatModel: true)
        } catch let error as ModelHubError {
            Output.note(Failure(error).message)
            Output.note(
                text(
                    "\n没有取得默认模型。用别的途径下载后：pallet model add 文件 --home \(home.url.path)，再运行本演示。\n"
                        + "现改用 1 MB 的测试模型继续：它不会对话，回答只摘引资料原文。\n",
                    "\nThe default model could not be had. Bring it on a disk: pallet model add FILE --home "
                        + "\(home.url.path), and run the demo again.\nGoing on with a test model of 1 MB: it holds no "
                        + "chat, so answers are quoted from the documents.\n"))
            guard FileManager.default.fileExists(atPath: Self.testModel) else { throw error }
            return Located(
                model: "./" + Self.testModel, served: ModelLoading.servedName(Self.testModel), isChatModel: false)
        }
    }
}
