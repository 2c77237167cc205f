//! `wasi:sockets`: no socket is made and no name is resolved, so nothing else of it is ever reached.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily};
use wasmtime_wasi::p2::bindings::sockets::{ip_name_lookup, network, tcp_create_socket, udp_create_socket};
use wasmtime_wasi::p2::{DynPollable, IoError, Network, SocketError, SocketResult, TcpSocket, UdpSocket};

use super::Guest;

impl Guest {
    fn deny_socket<T>(&mut self, name: &'static str) -> SocketResult<T> {
        self.gate.deny(name, "a socket").map_err(|stop| SocketError::trap(wasmtime::Error::from(stop)))?;
        Err(ErrorCode::AccessDenied.into())
    }
}

impl network::Host for Guest {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn network_error_code(&mut self, _error: Resource<IoError>) -> wasmtime::Result<Option<ErrorCode>> {
        Ok(None)
    }
}

impl network::HostNetwork for Guest {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        self.table.delete(network)?;
        Ok(())
    }
}

impl tcp_create_socket::Host for Guest {
    fn create_tcp_socket(&mut self, _family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        self.deny_socket("tcp-create-socket.create-tcp-socket")
    }
}

impl udp_create_socket::Host for Guest {
    async fn create_udp_socket(&mut self, _family: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        self.deny_socket("udp-create-socket.create-udp-socket")
    }
}

impl ip_name_lookup::Host for Guest {
    fn resolve_addresses(
        &mut self,
        _network: Resource<Network>,
        _name: String,
    ) -> SocketResult<Resource<ip_name_lookup::ResolveAddressStream>> {
        self.deny_socket("ip-name-lookup.resolve-addresses")
    }
}

/// No stream of addresses exists, so a handle to one is a forged one.
impl ip_name_lookup::HostResolveAddressStream for Guest {
    fn resolve_next_address(
        &mut self,
        _stream: Resource<ip_name_lookup::ResolveAddressStream>,
    ) -> SocketResult<Option<wasmtime_wasi::p2::bindings::sockets::network::IpAddress>> {
        self.deny_socket("ip-name-lookup.resolve-next-address")
    }

    fn subscribe(
        &mut self,
        _stream: Resource<ip_name_lookup::ResolveAddressStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        Err(wasmtime::component::ResourceTableError::NotPresent.into())
    }

    fn drop(&mut self, _stream: Resource<ip_name_lookup::ResolveAddressStream>) -> wasmtime::Result<()> {
        Err(wasmtime::component::ResourceTableError::NotPresent.into())
    }
}
