//! `&&`, `||` and parentheses, the same in JSON and in space-delimited patterns; `&&` binds closer.
//!
//! ```text
//! either := both ( "||" both )*
//! both   := one ( "&&" one )*
//! one    := "(" either ")" | leaf
//! ```

use super::InvalidPattern;
use super::tokens::Token;

/// Parentheses nest so deep at most; 1,024 characters allow more than a stack should.
const DEPTH_MAX: usize = 64;

/// Leaves, joined.
#[derive(Clone, Debug)]
pub(super) enum Expression<Leaf> {
    Either(Vec<Self>),
    Both(Vec<Self>),
    One(Leaf),
}

impl<Leaf> Expression<Leaf> {
    /// Whether it holds, given which leaves do.
    pub(super) fn holds(&self, leaf: &impl Fn(&Leaf) -> bool) -> bool {
        match self {
            Self::Either(choices) => choices.iter().any(|choice| choice.holds(leaf)),
            Self::Both(parts) => parts.iter().all(|part| part.holds(leaf)),
            Self::One(one) => leaf(one),
        }
    }
}

/// Tokens being read, from left to right.
pub(super) struct Reader<'a> {
    tokens: &'a [Token],
    depth: usize,
}

/// Reads one leaf.
pub(super) type ReadLeaf<'f, Leaf> = &'f dyn Fn(&mut Reader<'_>) -> Result<Leaf, InvalidPattern>;

/// Reads all of `tokens` as one expression.
pub(super) fn parse<Leaf>(tokens: &[Token], leaf: ReadLeaf<'_, Leaf>) -> Result<Expression<Leaf>, InvalidPattern> {
    let mut reader = Reader { tokens, depth: 0 };
    let expression = reader.either(leaf)?;
    if reader.tokens.is_empty() { Ok(expression) } else { Err(InvalidPattern::Syntax) }
}

impl<'a> Reader<'a> {
    /// The next token.
    pub(super) fn next(&mut self) -> Result<&'a Token, InvalidPattern> {
        let (token, rest) = self.tokens.split_first().ok_or(InvalidPattern::Syntax)?;
        self.tokens = rest;
        Ok(token)
    }

    fn either<Leaf>(&mut self, leaf: ReadLeaf<'_, Leaf>) -> Result<Expression<Leaf>, InvalidPattern> {
        let mut choices = vec![self.both(leaf)?];
        while let [Token::Or, rest @ ..] = self.tokens {
            self.tokens = rest;
            choices.push(self.both(leaf)?);
        }
        Ok(Expression::Either(choices))
    }

    fn both<Leaf>(&mut self, leaf: ReadLeaf<'_, Leaf>) -> Result<Expression<Leaf>, InvalidPattern> {
        let mut parts = vec![self.one(leaf)?];
        while let [Token::And, rest @ ..] = self.tokens {
            self.tokens = rest;
            parts.push(self.one(leaf)?);
        }
        Ok(Expression::Both(parts))
    }

    fn one<Leaf>(&mut self, leaf: ReadLeaf<'_, Leaf>) -> Result<Expression<Leaf>, InvalidPattern> {
        let [Token::Open, rest @ ..] = self.tokens else {
            return leaf(self).map(Expression::One);
        };
        self.tokens = rest;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(InvalidPattern::Syntax);
        }
        let expression = self.either(leaf)?;
        self.depth -= 1;
        match self.next()? {
            Token::Close => Ok(expression),
            _ => Err(InvalidPattern::Syntax),
        }
    }
}
