//! Components that are nothing but their imports and exports, composed.

use alertcap_compose::{Interfaces, compose};
use wasm_encoder::{
    Component, ComponentExportKind, ComponentExportSection, ComponentImportSection, ComponentTypeRef,
    ComponentTypeSection, ComponentValType, InstanceType, PrimitiveValType,
};

const KEY_VALUE: &str = "spin:key-value/key-value@3.0.0";
const SQLITE: &str = "spin:sqlite/sqlite@3.1.0";
const HANDLER: &str = "wasi:http/handler@0.3.0";
const STORE: &str = "wasi:keyvalue/store@0.2.0-draft";

/// A component that imports instances and exports some of them under other names. Each has the one function `get`,
/// which gives a value of its type.
fn component(imports: &[(&str, PrimitiveValType)], exports: &[(&str, u32)]) -> Vec<u8> {
    let mut component = Component::new();
    for (at, (name, value)) in imports.iter().enumerate() {
        let mut instance = InstanceType::new();
        let none: [(&str, ComponentValType); 0] = [];
        instance.ty().function().params(none).result(Some(ComponentValType::Primitive(*value)));
        instance.export("get", ComponentTypeRef::Func(0));
        let mut types = ComponentTypeSection::new();
        types.instance(&instance);
        component.section(&types);
        let mut import = ComponentImportSection::new();
        import.import(name, ComponentTypeRef::Instance(at.try_into().unwrap()));
        component.section(&import);
    }
    let mut section = ComponentExportSection::new();
    for (name, instance) in exports {
        section.export(name, ComponentExportKind::Instance, *instance, None);
    }
    component.section(&section);
    component.finish()
}

/// What stands in for Spin's key-value store, over the standard one.
fn adapter() -> Vec<u8> {
    component(&[(STORE, PrimitiveValType::String)], &[(KEY_VALUE, 0)])
}

/// A component that needs these, and handles HTTP.
fn socket(imports: &[&str]) -> Vec<u8> {
    let all: Vec<_> =
        [&[HANDLER], imports].concat().iter().map(|name| (*name, PrimitiveValType::String)).collect();
    component(&all, &[(HANDLER, 0)])
}

fn refused(socket: &[u8], adapter: &[u8]) -> String {
    format!("{:#}", compose(socket, adapter).unwrap_err())
}

#[test]
fn what_the_adapter_offers_is_imported_no_more_and_its_own_imports_are() {
    let composed = compose(&socket(&[KEY_VALUE]), &adapter()).unwrap();
    let interfaces = Interfaces::of(&composed).unwrap();
    assert_eq!(interfaces.imports.iter().collect::<Vec<_>>(), [HANDLER, STORE]);
    assert_eq!(interfaces.exports.iter().collect::<Vec<_>>(), [HANDLER]);
}

#[test]
fn the_same_components_give_the_same_bytes() {
    let (socket, adapter) = (socket(&[KEY_VALUE]), adapter());
    assert_eq!(compose(&socket, &adapter).unwrap(), compose(&socket, &adapter).unwrap());
}

#[test]
fn an_import_that_only_spin_has_is_named() {
    let why = refused(&socket(&[KEY_VALUE, SQLITE]), &adapter());
    assert!(why.contains(&format!("what only Spin has: {SQLITE}; ")), "{why}");
    assert!(why.contains(&format!("stands in for {KEY_VALUE} ")), "{why}");
    let old = refused(&socket(&[KEY_VALUE, "fermyon:spin/key-value@2.0.0"]), &adapter());
    assert!(old.contains("fermyon:spin/key-value@2.0.0"), "{old}");
}

#[test]
fn an_import_of_another_shape_is_not_plugged() {
    let other = component(
        &[("wasi:config/store@0.2.0-rc.1", PrimitiveValType::String), (KEY_VALUE, PrimitiveValType::U8)],
        &[(HANDLER, 0)],
    );
    let why = refused(&other, &adapter());
    assert!(why.contains("there is nothing to plug"), "{why}");
}

#[test]
fn a_component_that_needs_nothing_of_the_adapter_is_told_so() {
    let why = refused(&socket(&[]), &adapter());
    assert!(why.contains("there is nothing to plug") && why.contains(KEY_VALUE), "{why}");
}

#[test]
fn what_is_no_component_is_told_so() {
    let why = refused(b"\0asm\x01\0\0\0", &adapter());
    assert!(why.starts_with("the component to compose cannot be read"), "{why}");
    let why = refused(&socket(&[KEY_VALUE]), b"");
    assert!(why.starts_with("the adapter cannot be read"), "{why}");
}
