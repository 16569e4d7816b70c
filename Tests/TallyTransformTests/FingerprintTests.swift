import TallyTransform
import Testing

@Suite("The fingerprint of a transform")
struct FingerprintTests {
    @Test("is the same for the same settings and another for any other")
    func differs() {
        let settings = [
            TransformSettings(),
            TransformSettings(where: ""),
            TransformSettings(where: "a"),
            TransformSettings(set: ["a": "bc"]),
            TransformSettings(set: ["ab": "c"]),
            TransformSettings(drop: ["a", "b"]),
            TransformSettings(drop: ["ab"]),
            TransformSettings(rename: ["a": "bc"]),
            TransformSettings(table: "a"),
        ]
        #expect(Set(settings.map(\.fingerprint)).count == settings.count)
        #expect(TransformSettings(drop: ["b", "a"]).fingerprint == settings[5].fingerprint)
        #expect(TransformSettings(where: "a", shown: ["where": "${A}"]).fingerprint == settings[2].fingerprint)
    }

    @Test("is kept in targets, and so stays from one release to the next")
    func isStable() {
        let settings = TransformSettings(
            where: "a > 1",
            set: ["b": "upper(b)"],
            drop: ["c"],
            rename: ["d": "e"],
            table: "t"
        )
        #expect(settings.fingerprint == "45d6744519a638a4")
    }
}
