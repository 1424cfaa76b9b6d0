//! Layers: of two siblings, only the one in the higher layer may use the other.

use super::modules::Modules;

/// Every use of a sibling, or of a module inside it, that is not in a lower layer.
pub(super) fn wrong_uses(modules: &Modules) -> Vec<String> {
    let mut wrong = Vec::new();
    for (user, used) in modules.edges() {
        let n_common = user.iter().zip(&used).take_while(|(a, b)| a == b).count();
        // A module may use its children and the items of the modules around it.
        let (Some(from), Some(to)) = (user.get(n_common), used.get(n_common)) else { continue };
        let parent = &user[..n_common];
        let (from_layer, to_layer) = (modules.layer(parent, from), modules.layer(parent, to));
        if to_layer >= from_layer {
            let file = modules.file(&user);
            wrong.push(format!("{file}: `{from}` must not use `{to}`: {}", used.join("::")));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::super::modules::modules;
    use super::*;

    const LIB: (&str, &str) = ("lib.rs", "mod error;\n\nmod codec;\nmod link;\n\nmod model;\n");

    fn wrong(file: &str, text: &str) -> usize {
        let mut files = vec![LIB, (file, text)];
        for other in ["error.rs", "codec.rs", "link.rs", "model.rs"] {
            if other != file {
                files.push((other, "pub struct X;"));
            }
        }
        wrong_uses(&modules(&files)).len()
    }

    #[test]
    fn a_use_of_a_higher_or_the_same_layer_is_seen() {
        for text in [
            "use crate::model::X;",
            "use super::model::X;",
            "use crate::{error::X, model};",
            "use crate::link::X;",
            "fn f() { crate::link::X }",
            "fn f() { super::link::X }",
        ] {
            assert_eq!(wrong("codec.rs", text), 1, "{text}");
        }
    }

    #[test]
    fn a_use_of_a_lower_layer_is_right() {
        assert_eq!(wrong("codec.rs", "use crate::error::X;"), 0);
        assert_eq!(wrong("model.rs", "use crate::{codec::X, link};\nuse std::error::Error;"), 0);
    }

    #[test]
    fn children_of_a_folder_have_layers_too() {
        let files = |first: &str, second: &str| {
            let parent = ("a.rs", "mod first;\n\nmod second;\npub struct Parent;");
            let children = [("a/first.rs", first), ("a/second.rs", second)];
            wrong_uses(&modules(&[("lib.rs", "mod a;"), parent, children[0], children[1]]))
        };
        assert!(files("pub struct X;", "use super::first::X;\nuse super::Parent;").is_empty());
        let expected = ["a/first.rs: `first` must not use `second`: a::second"];
        assert_eq!(files("use super::second::X;", "pub struct X;"), expected);
        assert_eq!(files("use crate::a::second::X;", "pub struct X;"), expected);
    }
}
