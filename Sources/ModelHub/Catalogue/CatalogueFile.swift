/// The file form of the catalogue.
struct CatalogueFile: Decodable {
    let version: Int
    let models: [Model]

    struct Model: Decodable {
        let name: String
        let file: String
        let task: String?
        let `default`: Bool?
        let bytes: Int64
        let sha256: String
        let licence: String
        let origin: String
        let purpose: Purpose
        let sources: [Source]

        func entry() throws(ModelHubError) -> CatalogueEntry {
            guard ModelFileName.isSafe(name), ModelFileName.isSafe(file) else {
                throw .catalogue("\(name): name and file must be plain file names")
            }
            try CatalogueFile.check(name, bytes: bytes, sha256: sha256)
            guard let task = ModelTask(rawValue: task ?? ModelTask.chat.rawValue) else {
                throw .catalogue("\(name): task is \(task ?? ""), expected chat or embedding")
            }
            guard !sources.isEmpty else { throw .catalogue("\(name): no sources") }
            var read: [ModelSource] = []
            for source in sources { read.append(try source.source(of: name)) }
            return CatalogueEntry(
                name: name, file: file, task: task, isDefault: `default` ?? false, bytes: bytes, sha256: sha256,
                licence: licence, origin: origin, purposeChinese: purpose.zh, purposeEnglish: purpose.en,
                sources: read)
        }
    }

    static func check(_ name: String, bytes: Int64, sha256: String) throws(ModelHubError) {
        guard bytes > 0, bytes <= 1 << 42 else { throw .catalogue("\(name): bytes is \(bytes)") }
        guard sha256.utf8.count == 64, sha256.utf8.allSatisfy({ HexDigits.isLowercase($0) }) else {
            throw .catalogue("\(name): sha256 must be 64 hexadecimal digits in lower case")
        }
    }

    struct Purpose: Decodable {
        let zh: String
        let en: String
    }

    struct Source: Decodable {
        let hub: Hub?
        let wheels: Wheels?

        struct Hub: Decodable {
            let repository: String
            let revision: String
            let file: String
        }
        struct Wheels: Decodable {
            let requirements: [String]
            let member: String
            let pythonVersion: String?
            let platform: String?
            let packed: Packed?
        }
        struct Packed: Decodable {
            let format: String
            let bytes: Int64
            let sha256: String
        }

        func source(of name: String) throws(ModelHubError) -> ModelSource {
            if let hub, wheels == nil {
                return .hub(repository: hub.repository, revision: hub.revision, file: hub.file)
            }
            guard let wheels, hub == nil else { throw .catalogue("\(name): a source is either hub or wheels") }
            guard (1...500).contains(wheels.requirements.count) else {
                throw .catalogue("\(name): \(wheels.requirements.count) wheels")
            }
            for requirement in wheels.requirements where !WheelRequirement.isPinned(requirement) {
                // A requirement that begins with a dash would be an option to pip.
                throw .catalogue("\(name): \"\(requirement)\" is not of the form name==version")
            }
            for choice in [wheels.pythonVersion, wheels.platform] {
                guard let choice, !WheelRequirement.isPlain(choice[...]) else { continue }
                throw .catalogue("\(name): \"\(choice)\" is no version of Python and no platform")
            }
            if let packed = wheels.packed { try CatalogueFile.check(name, bytes: packed.bytes, sha256: packed.sha256) }
            return .wheels(
                WheelSource(
                    requirements: wheels.requirements, member: wheels.member, pythonVersion: wheels.pythonVersion,
                    platform: wheels.platform,
                    packed: wheels.packed.map { .init(format: $0.format, bytes: $0.bytes, sha256: $0.sha256) }))
        }
    }
}
