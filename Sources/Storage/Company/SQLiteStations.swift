import GRDB

struct SQLiteStations: StationRepository {
    let writer: any DatabaseWriter

    func importStations(_ stations: [Station]) async throws -> ImportCounts {
        try await writer.write { try Self.importStations(stations, $0) }
    }

    static func importStations(_ stations: [Station], _ db: Database) throws -> ImportCounts {
        for station in stations where station.city.isEmpty || station.province.isEmpty {
            throw StorageError.invalidValue(
                field: "station", expected: "a city with its province",
                actual: "city '\(station.city)', province '\(station.province)'")
        }
        var counts = ImportCounts()
        for station in stations {
            let old = try Row.fetchOne(
                db, sql: "SELECT * FROM station WHERE province = ? AND city = ?",
                arguments: [station.province, station.city])
            if let old, Self.station(old) == station {
                counts.unchanged += 1
                continue
            }
            try Self.upsert(station, db)
            if old == nil { counts.inserted += 1 } else { counts.updated += 1 }
        }
        return counts
    }

    func allStations() async throws -> [Station] {
        try await writer.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM station ORDER BY initial, position, id").map(Self.station)
        }
    }

    func stations(province: String) async throws -> [Station] {
        try await writer.read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM station WHERE province = ? ORDER BY position, id", arguments: [province]
            ).map(Self.station)
        }
    }

    func stations(matching text: String, limit: Int) async throws -> [Station] {
        let pattern = text.lowercased().likePrefixPattern
        return try await writer.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM station
                    WHERE city LIKE :p ESCAPE '\\' OR full_name LIKE :p ESCAPE '\\'
                        OR pinyin LIKE :p ESCAPE '\\' OR pinyin_initials LIKE :p ESCAPE '\\'
                    ORDER BY length(city), pinyin, id LIMIT :limit
                    """, arguments: ["p": pattern, "limit": max(0, limit)]
            ).map(Self.station)
        }
    }

    func station(city: String) async throws -> Station? {
        try await writer.read { db in
            try Row.fetchOne(
                db, sql: "SELECT * FROM station WHERE city = ? OR full_name = ? ORDER BY id LIMIT 1",
                arguments: [city, city]
            ).map(Self.station)
        }
    }

    func stationCount() async throws -> Int {
        try await writer.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM station") ?? 0 }
    }

    private static func upsert(_ station: Station, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO station (city, full_name, province, province_code, city_code, initial, pinyin,
                    pinyin_initials, phone, address, hours, printed_province, printed_letter, note, position, source)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (province, city) DO UPDATE SET full_name = excluded.full_name,
                    province_code = excluded.province_code, city_code = excluded.city_code,
                    initial = excluded.initial, pinyin = excluded.pinyin,
                    pinyin_initials = excluded.pinyin_initials, phone = excluded.phone, address = excluded.address,
                    hours = excluded.hours, printed_province = excluded.printed_province,
                    printed_letter = excluded.printed_letter, note = excluded.note, position = excluded.position,
                    source = excluded.source
                """,
            arguments: [
                station.city, station.fullName, station.province, station.provinceCode, station.cityCode,
                station.initial, station.pinyin, station.pinyinInitials, station.phone, station.address,
                station.hours, station.printedProvince, station.printedLetter, station.note, station.position,
                station.source,
            ])
    }

    private static func station(_ row: Row) -> Station {
        Station(
            city: row["city"], fullName: row["full_name"], province: row["province"],
            provinceCode: row["province_code"], cityCode: row["city_code"], initial: row["initial"],
            pinyin: row["pinyin"], pinyinInitials: row["pinyin_initials"], phone: row["phone"],
            address: row["address"], hours: row["hours"], printedProvince: row["printed_province"],
            printedLetter: row["printed_letter"], note: row["note"], position: row["position"],
            source: row["source"])
    }
}

extension String {
    /// A LIKE pattern (escape character `\`) for what begins with this text; `%` and `_` mean themselves.
    var likePrefixPattern: String {
        var pattern = ""
        for character in self {
            if character == "%" || character == "_" || character == "\\" { pattern.append("\\") }
            pattern.append(character)
        }
        return pattern + "%"
    }
}
