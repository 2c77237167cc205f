//! What the table of the catalogue becomes: the codes, their words, and what is said of each.

macro_rules! catalogue {
    ($($variant:ident $word:literal $category:ident $severity:ident $retry:ident $fault:ident $settlement:ident
       $http:literal $grpc:literal $meaning:literal $advice:literal;)*) => {
        /// A word of the failure catalogue, such as `TIMEOUT`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = $meaning] $variant,)*
        }

        /// What the catalogue says, in the order of the codes.
        pub(super) const ROWS: &[Row] = &[
            $(ErrorCode::$variant.row(),)*
        ];

        impl ErrorCode {
            /// The word, as in `TIMEOUT`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// What the catalogue says of it.
            #[must_use]
            pub const fn row(self) -> Row {
                match self {
                    $(Self::$variant => Row {
                        code: Self::$variant,
                        word: $word,
                        category: $category,
                        severity: $severity,
                        retry: $retry,
                        fault: $fault,
                        settlement: $settlement,
                        http_status: $http,
                        grpc_status: $grpc,
                        meaning: $meaning,
                        advice: $advice,
                        page: include_str!(concat!("../../../../docs/failures/", $word, ".md")),
                    },)*
                }
            }
        }

        impl std::str::FromStr for ErrorCode {
            type Err = CodeUnknown;

            fn from_str(word: &str) -> Result<Self, CodeUnknown> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(CodeUnknown(word.chars().take(80).collect())),
                }
            }
        }
    };
}

pub(super) use catalogue;
