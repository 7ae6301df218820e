//! The Threefry-2x32 block function with 20 rounds.

/// Rotation distances. Even groups of four rounds use the first row, odd groups the second.
const ROTATIONS: [[u32; 4]; 2] = [[13, 15, 26, 6], [17, 29, 16, 24]];

/// The third word of the key schedule is the XOR of this constant and both words of the key.
const PARITY: u32 = 0x1BD1_1BDA;

/// Enciphers one 64-bit counter, given as (high, low) words, under a 64-bit key.
///
/// Twenty rounds of Threefry-2x32.
///
/// Source: Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#[must_use]
pub fn threefry2x32(key: [u32; 2], counter: [u32; 2]) -> [u32; 2] {
    let [k0, k1] = key;
    let k2 = k0 ^ k1 ^ PARITY;
    // Group g ends by adding words g + 1 and g + 2 (mod 3) of the schedule, and g + 1 itself.
    let injections = [(k1, k2), (k2, k0), (k0, k1), (k1, k2), (k2, k0)];
    let mut x = counter[0].wrapping_add(k0);
    let mut y = counter[1].wrapping_add(k1);
    let rows = ROTATIONS.iter().cycle();
    for ((row, (a, b)), group) in rows.zip(injections).zip(1u32..) {
        for &distance in row {
            x = x.wrapping_add(y);
            y = y.rotate_left(distance) ^ x;
        }
        x = x.wrapping_add(a);
        y = y.wrapping_add(b).wrapping_add(group);
    }
    [x, y]
}

#[cfg(test)]
mod tests {
    use super::threefry2x32;

    /// The three known answers that accompany the authors' Random123 library.
    #[test]
    fn meets_the_authors_known_answers() {
        let ones = u32::MAX;
        for (key, counter, expected) in [
            ([0, 0], [0, 0], [0x6b20_0159, 0x99ba_4efe]),
            ([ones, ones], [ones, ones], [0x1cb9_96fc, 0xbb00_2be7]),
            ([0x1319_8a2e, 0x0370_7344], [0x243f_6a88, 0x85a3_08d3], [0xc492_3a9c, 0x483d_f7a0]),
        ] {
            assert_eq!(threefry2x32(key, counter), expected);
        }
    }
}
