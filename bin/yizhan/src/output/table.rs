//! Tables for people: columns as wide as their widest cell, Chinese characters counted as two.

use super::printable;

/// The longest cell; what is cut off can be had with `--json`.
const MAX_CELL: usize = 100;

/// Rows under a heading.
pub struct Table {
    heading: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new<const N: usize>(heading: [&'static str; N]) -> Self {
        Self { heading: heading.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; it has as many cells as the heading.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        debug_assert_eq!(N, self.heading.len(), "a row has as many cells as the heading");
        self.rows.push(cells.iter().map(|cell| shorten(&printable(cell))).collect());
    }

    /// Whether there are no rows.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, without a line break at its end.
    pub fn text(&self) -> String {
        let mut widths: Vec<usize> = self.heading.iter().map(|title| width(title)).collect();
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
        }
        let heading: Vec<String> = self.heading.iter().map(|title| (*title).to_owned()).collect();
        let lines = std::iter::once(&heading).chain(&self.rows).map(|row| line(row, &widths));
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, widest) in cells.iter().zip(widths) {
        text.push_str(cell);
        text.extend(std::iter::repeat_n(' ', widest - width(cell) + 2));
    }
    text.truncate(text.trim_end().len());
    text
}

fn shorten(cell: &str) -> String {
    if width(cell) <= MAX_CELL {
        return cell.to_owned();
    }
    let mut used = 0;
    let fits = cell.chars().take_while(|character| {
        used += char_width(*character);
        used < MAX_CELL
    });
    fits.chain(['…']).collect()
}

fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Columns on a terminal: two for the scripts of East Asia and for pictures.
const fn char_width(character: char) -> usize {
    match character {
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_also_with_chinese_text() {
        let mut table = Table::new(["ID", "NAME", "STATUS"]);
        table.row(["1".into(), "灯".into(), "online".into()]);
        table.row(["22".into(), "lamp".into(), String::new()]);
        assert_eq!(table.text(), "ID  NAME  STATUS\n1   灯    online\n22  lamp");
    }

    #[test]
    fn a_long_cell_is_cut() {
        let mut table = Table::new(["PAYLOAD"]);
        table.row(["x".repeat(5_000)]);
        let text = table.text();
        assert!(text.ends_with("x…") && text.len() < 120, "{text}");
    }
}
