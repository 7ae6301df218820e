//! Lists of job numbers, such as `3,10-19`.

use crate::error::SweepError;

/// Job numbers from text: numbers and ranges, separated by commas. Every number must be below `count`.
///
/// # Errors
/// Returns [`SweepError::Numbers`] if the text is not such a list, and [`SweepError::Number`] if a job does not exist.
///
/// ```
/// assert_eq!(minima_sweep::numbers("3,10-12", 20)?, [3, 10, 11, 12]);
/// # Ok::<(), minima_sweep::SweepError>(())
/// ```
pub fn numbers(text: &str, count: u64) -> Result<Vec<u64>, SweepError> {
    let wrong = || SweepError::Numbers(text.to_owned());
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| wrong());
    let check = |number: u64| if number < count { Ok(number) } else { Err(SweepError::Number { number, count }) };
    let mut found = Vec::new();
    for element in text.split(',') {
        match element.split_once('-') {
            None => found.push(check(number(element)?)?),
            Some((first, last)) => {
                let (first, last) = (check(number(first)?)?, check(number(last)?)?);
                if first > last {
                    return Err(wrong());
                }
                found.extend(first..=last);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_numbers_stay_within_the_plan() {
        assert_eq!(numbers("0", 1).unwrap(), [0]);
        assert_eq!(numbers("4, 1-2", 5).unwrap(), [4, 1, 2]);
        for wrong in ["", "a", "1-", "3-1", "-1", "1.5"] {
            assert!(matches!(numbers(wrong, 9), Err(SweepError::Numbers(_))), "{wrong}");
        }
        let error = numbers("12", 12).unwrap_err().to_string();
        assert_eq!(error, "job is 12; expected 0 to 11, the jobs of this plan");
        assert!(numbers("3-18446744073709551615", 12).is_err());
    }
}
